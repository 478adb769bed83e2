{# Types and safe casts: a text that is none gives null instead of an error (dbt.safe_cast is a plain cast on these engines). #}

{% macro type_double() -%}{{ return(adapter.dispatch('type_double', 'empathy_roi')()) }}{%- endmacro %}
{% macro default__type_double() -%}double precision{%- endmacro %}
{% macro duckdb__type_double() -%}double{%- endmacro %}
{% macro spark__type_double() -%}double{%- endmacro %}

{# Integers wide enough for sums of squares of microseconds. #}
{% macro type_wide_integer() -%}{{ return(adapter.dispatch('type_wide_integer', 'empathy_roi')()) }}{%- endmacro %}
{% macro default__type_wide_integer() -%}numeric(38, 0){%- endmacro %}
{% macro duckdb__type_wide_integer() -%}hugeint{%- endmacro %}
{% macro spark__type_wide_integer() -%}decimal(38, 0){%- endmacro %}

{% macro try_cast(expression, type) -%}{{ return(adapter.dispatch('try_cast', 'empathy_roi')(expression, type)) }}{%- endmacro %}
{% macro default__try_cast(expression, type) -%}try_cast({{ expression }} as {{ type }}){%- endmacro %}

{# Does the whole text fit the regular expression? #}
{% macro matches(expression, pattern) -%}{{ return(adapter.dispatch('matches', 'empathy_roi')(expression, pattern)) }}{%- endmacro %}
{% macro default__matches(expression, pattern) -%}({{ expression }} ~ '^({{ pattern }})$'){%- endmacro %}
{% macro duckdb__matches(expression, pattern) -%}regexp_full_match({{ expression }}, '{{ pattern }}'){%- endmacro %}
{% macro spark__matches(expression, pattern) -%}({{ expression }} rlike r'^(?:{{ pattern }})$'){%- endmacro %}

{#
  A number of digits, at most one point and one exponent: no NaN, no infinity, nothing trimmed.
#}
{% macro safe_cast_number(text) -%}
(case when {{ matches(text, '[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?') }} then {{ finite(try_cast(text, type_double())) }} end)
{%- endmacro %}

{# A double that is neither NaN nor infinite, or null. #}
{% macro finite(number) -%}
(case when {{ number }} between -1.7976931348623157e308 and 1.7976931348623157e308 then {{ number }} end)
{%- endmacro %}

{% macro parse_boolean(text) -%}
(case when lower({{ text }}) in ('true', 't', 'yes', 'y', '1') then true when lower({{ text }}) in ('false', 'f', 'no', 'n', '0') then false end)
{%- endmacro %}

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
