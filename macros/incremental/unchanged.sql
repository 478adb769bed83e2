{#
  What an increment need not do again, since it is made of the same SQL as the table: compare the columns of both, and describe them.
  Each asks the warehouse for the columns, and that is a good part of dbt's own work for a model. Take the place of dbt's macros of these names.
#}
{% macro default__process_schema_changes(on_schema_change, source_relation, target_relation) -%}
{{ return({} if builds_on() else dbt.default__process_schema_changes(on_schema_change, source_relation, target_relation)) }}
{%- endmacro %}

{# Descriptions that changed make every model be built (`environment`), and then be described; those of a run that did not end, again. #}
{% macro default__persist_docs(relation, model, for_relation, for_columns) -%}
{%- if not (is_building() and builds_on() and memory().builds.get('(end)', {}).get('fingerprint') == environment()) -%}
    {%- do dbt.default__persist_docs(relation, model, for_relation, for_columns) -%}
{%- endif -%}
{%- endmacro %}
