{#
  What each incremental model was last built from. `int_builds` has one row per model and build, written in the transaction of
  the build itself: a run that dies, or that builds a part, leaves every model with its own truth.

  A model builds an increment only where its last build had the same definition and settings (fingerprint), and none of the
  incremental models it reads has been rebuilt from scratch since. Otherwise it rebuilds itself, in place.
#}
{% macro builds_relation() -%}
{{ return(api.Relation.create(database=target.database, schema=target.schema, identifier='int_builds', type='table')) }}
{%- endmacro %}

{# Before anything is built: number the run. #}
{% macro start_run() -%}
{%- if execute and flags.WHICH in ('build', 'run') -%}
    {%- set builds = builds_relation() -%}
    {%- do run_query('create table if not exists ' ~ builds ~ ' (model_name ' ~ dbt.type_string() ~ ', run_no bigint, is_full boolean, fingerprint '
        ~ dbt.type_string() ~ ', as_of_us bigint)') -%}
    {%- do run_query('delete from ' ~ builds ~ " where model_name = '(run)' and run_no < (select max(run_no) from " ~ builds ~ ')') -%}
    {%- do run_query('insert into ' ~ builds ~ " select '(run)', coalesce(max(run_no), 0) + 1, false, null, null from " ~ builds) -%}
    {%- do adapter.commit() if adapter.type() == 'postgres' -%}
{%- endif -%}
{%- endmacro %}

{# The number of this run, as SQL. #}
{% macro run_number() -%}(select max(run_no) from {{ builds_relation() }}){%- endmacro %}

{# What a model was last built from: its run, its settings, whether from scratch; none where it never was. #}
{% macro last_build(model_name) -%}
{%- set rows = run_query('select run_no, is_full, fingerprint, as_of_us from ' ~ builds_relation() ~ " where model_name = '" ~ model_name ~ "' order by run_no desc limit 1").rows -%}
{{ return({'run_no': rows[0][0], 'fingerprint': rows[0][2], 'as_of_us': rows[0][3]} if rows else none) }}
{%- endmacro %}

{# The run in which a model was last built from scratch. #}
{% macro last_full_run(model_name) -%}
{%- set rows = run_query('select max(run_no) from ' ~ builds_relation() ~ " where is_full and model_name = '" ~ model_name ~ "'").rows -%}
{{ return(rows[0][0] or 0) }}
{%- endmacro %}

{# Everything that decides what the model's rows are, beside the raw rows: the project's SQL and the settings named. #}
{% macro fingerprint(settings) -%}
{%- set macros = [] -%}
{%- for macro in ref.manifest.macros.values() if macro.package_name == 'empathy_roi' -%}{%- do macros.append(macro.macro_sql) -%}{%- endfor -%}
{{ return(local_md5(model.raw_code ~ macros | sort | join ~ tojson(settings, sort_keys=true))) }}
{%- endmacro %}

{#
  Does this build add to what is there? `settings`: what else the rows hang on; `upstream`: the incremental models that it reads.
  Where it does, the SQL says so (increment_marker), which is how begin_build knows.
#}
{% macro builds_increment(settings, upstream=[]) -%}
{%- if not execute or not is_incremental() or not load_relation(builds_relation()) -%}{{ return(false) }}{%- endif -%}
{%- set last = last_build(model.name) -%}
{%- if last is none or last.fingerprint != fingerprint(settings) -%}{{ return(false) }}{%- endif -%}
{%- set full_run = last_full_run(model.name) -%}
{%- for name in upstream if last_full_run(name) > full_run -%}{{ return(false) }}{%- endfor -%}
{{ return(true) }}
{%- endmacro %}

{% macro increment_marker() -%}/* an increment */{%- endmacro %}

{#
  Before the rows go in, in the same transaction: note what the build is made of and, where it starts from scratch, clear the table.
#}
{% macro begin_build(settings, as_of_us='null') -%}
{%- set increment = increment_marker() in (model.compiled_code or '') -%}
insert into {{ builds_relation() }}
select '{{ model.name }}', max(run_no), {{ 'false' if increment else 'true' }}, '{{ fingerprint(settings) if execute }}', {{ as_of_us }} from {{ builds_relation() }};
{% if not increment and is_incremental() -%}delete from {{ this }};{%- endif -%}
{%- endmacro %}
