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

{# A text that is none of the type gives null. Postgres has no such cast: what needs it there has a variant of its own. #}
{% macro try_cast(expression, type) -%}try_cast({{ expression }} as {{ type }}){%- endmacro %}

{# Does the whole text fit the regular expression? #}
{% macro matches(expression, pattern) -%}{{ return(adapter.dispatch('matches', 'empathy_roi')(expression, pattern)) }}{%- endmacro %}
{% macro default__matches(expression, pattern) -%}({{ expression }} ~ '^(?:{{ pattern }})$'){%- endmacro %}
{% macro duckdb__matches(expression, pattern) -%}regexp_full_match({{ expression }}, '{{ pattern }}'){%- endmacro %}
{% macro spark__matches(expression, pattern) -%}({{ expression }} rlike r'^(?:{{ pattern }})\z'){%- endmacro %}

{% macro parse_boolean(text) -%}
(case when lower({{ text }}) in ('true', 't', 'yes', 'y', '1') then true when lower({{ text }}) in ('false', 'f', 'no', 'n', '0') then false end)
{%- endmacro %}
