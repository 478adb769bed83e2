{#
  How dbt-spark makes a table, with the descriptions of its columns on the way: through a view that has them, since one statement a
  column afterwards would cost more than the build. Takes the place of dbt-spark's macros of these names.
#}
{%- macro spark__create_table_as(temporary, relation, compiled_code, language='sql') -%}
{%- set file_format = config.get('file_format') -%}
{%- if config.get('contract').enforced -%}
    {{ get_assert_columns_equivalent(compiled_code) }}
    {%- set compiled_code = get_select_subquery(compiled_code) -%}
{%- endif -%}
{%- if config.get('contract').enforced and config.persist_column_docs() -%}
    {%- set view = relation.include(schema=false).incorporate(path={'identifier': relation.identifier ~ '__described'}) -%}
    {%- call statement('described') -%}create or replace temporary view {{ view }} ({{ described_columns() }}) as {{ compiled_code }}{%- endcall -%}
    {%- set compiled_code = 'select * from ' ~ view -%}
{%- endif -%}
{{ 'create or replace table' if file_format in ('iceberg', 'delta') else 'create table' }} {{ relation }}
{{ file_format_clause() }} {{ changed_by_rows() if config.get('materialized') == 'incremental' and file_format == 'iceberg' else tblproperties_clause() }} {{ partition_cols(label='partitioned by') }} {{ location_clause() }} {{ comment_clause() }}
as {{ compiled_code }}
{%- endmacro %}

{# What an increment takes out is noted beside the rows, instead of every file that holds one being written again (docs/engines.md, cost). #}
{% macro changed_by_rows() -%}tblproperties ('write.delete.mode' = 'merge-on-read', 'write.merge.mode' = 'merge-on-read'){%- endmacro %}

{# A contract's columns are in its order. Hive's metastore holds 256 characters of a comment. #}
{% macro described_columns() -%}
{%- for column in model.columns.values() -%}{{ get_column_comment_sql(column.name, model.columns) }}{{ ', ' if not loop.last }}{%- endfor -%}
{%- endmacro %}

{# Quotes and backslashes in a description are escaped. #}
{% macro spark__comment_clause() -%}
{%- if config.persist_relation_docs() and model.description %}comment {{ literal(model.description) }}{% endif -%}
{%- endmacro %}

{% macro get_column_comment_sql(column_name, column_dict) -%}
{{ adapter.quote(column_name) }}{% if column_dict.get(column_name, {}).get('description') %} comment {{ literal(column_dict[column_name].description | truncate(250, false, '…')) }}{% endif %}
{%- endmacro %}

{# Done above. #}
{% macro spark__persist_docs(relation, model, for_relation, for_columns) -%}{%- endmacro %}

{#
  The metastore calls Iceberg's tables Hive's: they are told by their properties. So are Iceberg's views, which dbt therefore drops and
  makes instead of replacing them: `create or replace view` would leave the text in the metastore, by which Spark goes, as it was.
#}
{% macro spark__list_relations_without_caching(relation) -%}
{%- call statement('relations', fetch_result=true) -%}show table extended in {{ relation.schema }} like '*'{%- endcall -%}
{%- set found = [] -%}
{%- for row in load_result('relations').table.rows -%}
    {%- do found.append([row[0], row[1], row[2], 'Provider: iceberg' if 'table_type=ICEBERG' in row[3] else row[3]]) -%}
{%- endfor -%}
{{ return(found) }}
{%- endmacro %}
