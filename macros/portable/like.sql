{# SQL's LIKE with a pattern from a column, without an escape character. #}
{% macro is_like(expression, pattern) -%}{{ return(adapter.dispatch('is_like', 'empathy_roi')(expression, pattern)) }}{%- endmacro %}
{% macro default__is_like(expression, pattern) -%}{{ expression }} like {{ pattern }}{%- endmacro %}
{% macro postgres__is_like(expression, pattern) -%}{{ expression }} like {{ pattern }} escape ''{%- endmacro %}
