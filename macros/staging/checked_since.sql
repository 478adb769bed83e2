{# The rejected rows whose key has been checked since rejected_rows was last built, and all without a key, which nothing tells apart. #}
{% macro checked_since() -%}
row_id is null
{%- for table, contract in raw_contract().items() %}
or source_table = '{{ table }}'
{%- if table != 'users' %} and row_id in (select {{ contract.columns[0].name }} from {{ ref('int_checked_' ~ table) }} where run_no > {{ last_build(model.name).run_no }})
{%- endif %}
{%- endfor -%}
{%- endmacro %}
