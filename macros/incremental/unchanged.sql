{#
  What an increment need not do again, since it is made of the same SQL as the table: compare the columns of both, and with the contract, and describe them.
  Each asks the warehouse for the columns, and that is a good part of dbt's own work for a model. Take the place of dbt's macros of these names.
#}
{% macro default__get_assert_columns_equivalent(sql) -%}
{{ return('' if builds_on() else dbt.default__get_assert_columns_equivalent(sql)) }}
{%- endmacro %}

{% macro default__process_schema_changes(on_schema_change, source_relation, target_relation) -%}
{{ return({} if builds_on() else dbt.default__process_schema_changes(on_schema_change, source_relation, target_relation)) }}
{%- endmacro %}

{# Descriptions that changed make every model be built (`environment`), and then be described; those of a run that did not end, again. #}
{% macro is_described() -%}
{{ return(is_building() and builds_on() and memory().builds.get('(end)', {}).get('fingerprint') == environment()) }}
{%- endmacro %}

{% macro default__persist_docs(relation, model, for_relation, for_columns) -%}
{%- if not is_described() -%}{%- do dbt.default__persist_docs(relation, model, for_relation, for_columns) -%}{%- endif -%}
{%- endmacro %}

{# In one statement, where dbt asks for the columns twice and describes in two; what has a contract has the columns that are described. #}
{% macro duckdb__persist_docs(relation, model, for_relation, for_columns) -%}
{%- if not is_described() -%}
    {%- set comments = [] -%}
    {%- if for_relation and config.persist_relation_docs() and model.description -%}
        {%- do comments.append('comment on ' ~ relation.type ~ ' ' ~ relation ~ ' is ' ~ literal(model.description)) -%}
    {%- endif -%}
    {%- if for_columns and config.persist_column_docs() and model.columns -%}
        {%- set columns = model.columns if config.get('contract').enforced
            else validate_doc_columns(relation, model.columns, adapter.get_columns_in_relation(relation) | map(attribute='name') | list) -%}
        {%- for column in columns.values() -%}
            {%- do comments.append('comment on column ' ~ relation ~ '.' ~ adapter.quote(column.name) ~ ' is ' ~ literal(column.description)) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if comments -%}{%- call statement('described') -%}{{ comments | join(';\n') }}{%- endcall -%}{%- endif -%}
{%- endif -%}
{%- endmacro %}
