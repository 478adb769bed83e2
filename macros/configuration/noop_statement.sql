{#
  dbt's own macro, but for one thing: it writes no SQL of a seed. dbt would write it to target/run/<the seed's path>: outside of target for a folder
  beside the project, over the project's own seeds for one three levels up, and over the very file for an absolute path. Seeds use it, and what stands as it was built (keep.sql).
#}
{% macro noop_statement(name=none, message=none, code=none, rows_affected=none, res=none) -%}
{%- set sql = caller() -%}
{%- if name is not none -%}
    {{ store_raw_result(name, message=message, code=code, rows_affected=rows_affected, agate_table=res) }}
{%- endif -%}
{%- endmacro %}
