{# The rejected rows whose key has been checked since rejected_rows was last built. #}
{% macro checked_since() -%}
{%- for table, contract in raw_contract().items() -%}
source_table = '{{ table }}'
{%- if table != 'users' %} and coalesce(row_id, '') in (select {{ contract.columns[0].name }} from {{ ref('int_checked_' ~ table) }} where run_no > {{ last_build(model.name).run_no }})
{%- endif %}
{{- '\n or ' if not loop.last }}
{%- endfor -%}
{%- endmacro %}
