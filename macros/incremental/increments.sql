{#
  What an increment put into a table, for the models that read it in the same run: they need not look for these rows among all. DuckDB alone, which
  reads all columns of a table to find some of its rows; elsewhere, and in every other case, they read the table.
#}

{# The rows of a model that this one builds from: all, or in an increment those that the model's own increment put in, if these are all that is new. #}
{% macro newly_built(name) -%}
{%- set relation = ref(name) -%}
{%- if execute and builds_increment() and name in memory().increments_kept and last_build(model.name).run_no >= last_build(name).run_no -%}
    {%- set relation = increment_relation(name) -%}
{%- endif -%}
{{ return(relation) }}
{%- endmacro %}

{% macro increment_relation(name) -%}
{{ return(api.Relation.create(database=target.database, schema=target.schema, identifier=name ~ '__increment', type='table')) }}
{%- endmacro %}

{# Adds the rows of an increment to its table, and keeps them beside it until the run ends. Takes the place of dbt's macro of this name. #}
{% macro duckdb__get_incremental_append_sql(arg_dict) -%}
{%- if builds_on() and model.config.meta.get('keeps_increment') -%}
{%- do memory().increments_kept.update({model.name: true}) -%}
{{ set_aside(increment_relation(model.name), 'select * from ' ~ arg_dict.temp_relation) }};
{% endif -%}
{{ default__get_incremental_append_sql(arg_dict) }}
{%- endmacro %}

{# A table made anew of a query, in the transaction that goes on. #}
{% macro set_aside(relation, query) -%}
{%- do memory().set_aside.append(relation) -%}
{{ return(adapter.dispatch('set_aside', 'empathy_roi')(relation, query)) }}
{%- endmacro %}
{% macro default__set_aside(relation, query) -%}
drop table if exists {{ relation }};
create table {{ relation }} as {{ query }}
{%- endmacro %}
{% macro spark__set_aside(relation, query) -%}create or replace table {{ relation }} using {{ spark_format() }} as {{ query }}{%- endmacro %}

{# What was set aside goes when the run ends, and, where one died, when the next begins: it is about persons. #}
{% macro drop_what_was_set_aside() -%}
{%- if is_building() -%}
    {%- set found = memory().set_aside -%}
    {%- for node in ref.manifest.nodes.values() if node.resource_type == 'model' and node.config.get('meta', {}).get('keeps_increment') -%}
        {%- for suffix in ['__increment', '__kept'] -%}
            {%- set relation = load_cached_relation(api.Relation.create(database=target.database, schema=target.schema, identifier=node.name ~ suffix)) -%}
            {%- if relation -%}{%- do found.append(relation) -%}{%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for relation in found | unique -%}{%- call statement('dropped', auto_begin=False) -%}drop table if exists {{ relation }}{%- endcall -%}{%- endfor -%}
{%- endif -%}
{%- endmacro %}
