{#
  Of the rejected rows those that have been checked again since rejected_rows was last built: whatever has the key of a row that was checked, and,
  where none of the rows without a key is left that were there before, all of these.
#}
{% macro checked_since() -%}
{%- set last_run = last_build(model.name).run_no -%}
{%- for table, contract in raw_contract().items() -%}
{%- set key, checked = contract.columns[0].name, ref('int_checked_' ~ table) -%}
source_table = '{{ table }}'
{%- if table != 'users' %} and (
    row_id in (select {{ key }} from {{ checked }} where run_no > {{ last_run }} and {{ key }} <> '')
    or row_id is null and not exists (select 1 from {{ checked }} where rejection_reason = 'missing_{{ key }}' and run_no <= {{ last_run }})
)
{%- endif %}
{{- '\n or ' if not loop.last }}
{%- endfor -%}
{%- endmacro %}
