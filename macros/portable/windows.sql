{#
  Numbers from 1 in the order of a text's bytes. On Spark they have gaps and another order, since numbering in one order would send
  everything through one task: 1,024 series side by side, each by what the text's hash leaves.
#}
{% macro numbered(expression) -%}{{ return(adapter.dispatch('numbered', 'empathy_roi')(expression)) }}{%- endmacro %}
{% macro default__numbered(expression) -%}row_number() over (order by {{ by_bytes(expression) }}){%- endmacro %}
{% macro spark__numbered(expression) -%}
((row_number() over (partition by pmod(hash({{ expression }}), 1024) order by {{ expression }}) - 1) * 1024 + pmod(hash({{ expression }}), 1024) + 1)
{%- endmacro %}

{#
  Did it happen in the days after a moment? True once it has; false once the window has passed (as_of, joined as `now`); null
  until then, and where there is no moment.
#}
{% macro happened_within(days, moment_us, condition) -%}
case
        when {{ moment_us }} is null then null
        when {{ condition }} then true
        when now.as_of_us >= {{ moment_us }} + {{ days_us(days) }} then false
    end
{%- endmacro %}
