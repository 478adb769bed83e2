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
