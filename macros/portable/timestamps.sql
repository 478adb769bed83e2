{#
  ISO 8601 to naive UTC: a date alone, or with T or a space and HH:MM, :SS, .fraction (cut to microseconds), Z or an offset
  (+HH, +HHMM, +HH:MM), which is converted, never dropped. Anything else gives null.
#}
{% macro safe_cast_timestamp(text) -%}{{ return(adapter.dispatch('safe_cast_timestamp', 'empathy_roi')(text)) }}{%- endmacro %}
{% macro default__safe_cast_timestamp(text) -%}
{%- set shape = '[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)?' -%}
{%- set clock = "regexp_extract(" ~ text ~ ", '[ T]([0-9:.]+)', 1)" -%}
{%- set offset = "regexp_extract(" ~ text ~ ", '[ T][0-9:.]+([+-][0-9:]+)$', 1)" -%}
{%- set digits = "replace(" ~ offset ~ ", ':', '')" -%}
(case
    -- the common form first: it needs one look
    when {{ matches(text, '[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}[ T]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,6})?') }} then {{ try_cast(text, 'timestamp') }}
    when not {{ matches(text, shape) }} or {{ text }} like '0000%' or substr({{ text }}, 12, 2) > '23' or substr({{ text }}, 18, 2) > '59' then null
    when length({{ text }}) = 10 then {{ try_cast(text, 'timestamp') }}
    when {{ offset }} = '' then {{ try_cast("substr(" ~ text ~ ", 1, 10) || ' ' || substr(" ~ clock ~ " || case when length(" ~ clock ~ ") = 5 then ':00' else '' end, 1, 15)", 'timestamp') }}
    else {{ try_cast("substr(" ~ text ~ ", 1, 10) || ' ' || substr(" ~ clock ~ " || case when length(" ~ clock ~ ") = 5 then ':00' else '' end, 1, 15)", 'timestamp') }}
        - case when substr({{ offset }}, 1, 1) = '-' then -1 else 1 end
        * (cast(substr({{ digits }}, 2, 2) as integer) * 60 + coalesce({{ try_cast("nullif(substr(" ~ digits ~ ", 4, 2), '')", 'integer') }}, 0)) * interval '1 minute'
end)
{%- endmacro %}

{# Postgres has no safe cast, so the pattern itself knows the calendar, leap years included. #}
{% macro postgres__safe_cast_timestamp(text) -%}
{%- set year = '[0-9]{4}' -%}
{%- set leap_year = '([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)' -%}
{%- set day = '(' ~ year ~ '-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))|' ~ leap_year ~ '-02-29)' -%}
{%- set minute = '[ T]([01][0-9]|2[0-3]):[0-5][0-9]' -%}
{%- set clock = "substr(substring(" ~ text ~ " from '[ T]([0-9:.]+)'), 1, 15)" -%}
{%- set offset = "substring(substr(" ~ text ~ ", 17) from '[+-][0-9:]+$')" -%}
{%- set digits = "replace(" ~ offset ~ ", ':', '')" -%}
(case
    when {{ text }} like '0000%' then null
    -- the common forms first: they need one look
    when {{ matches(text, day ~ '(' ~ minute ~ '(:[0-5][0-9]([.][0-9]{1,6})?)?)?') }} then cast(cast({{ text }} as text) as timestamp)
    when {{ matches(text, day ~ minute ~ '(:[0-5][0-9]([.][0-9]{1,9})?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?') }}
        then cast(substr({{ text }}, 1, 10) || ' ' || {{ clock }} as timestamp)
        - coalesce(
            case when substr({{ offset }}, 1, 1) = '-' then -1 else 1 end
            * (cast(substr({{ digits }}, 2, 2) as integer) * 60 + coalesce(cast(nullif(substr({{ digits }}, 4, 2), '') as integer), 0)), 0
        ) * interval '1 minute'
end)
{%- endmacro %}
