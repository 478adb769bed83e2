{#
  At the end of a subquery whose columns cost much and are named more than once: its columns are computed once a row. Postgres would put the
  subquery's text into the query around it, and parse a moment again each time it is named; `offset 0` forbids that.
#}
{% macro computed_once() -%}{{ return(adapter.dispatch('computed_once', 'empathy_roi')()) }}{%- endmacro %}
{% macro default__computed_once() -%}{{ return('') }}{%- endmacro %}
{% macro postgres__computed_once() -%}{{ return(' offset 0') }}{%- endmacro %}
