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
{%- set rows = run_query('select run_no, is_full, fingerprint, as_of_us from ' ~ builds_relation() ~ " where model_name = '" ~ model_name ~ "' and run_no < (select max(run_no) from " ~ builds_relation() ~ ") order by run_no desc limit 1").rows -%}
{{ return({'run_no': rows[0][0], 'fingerprint': rows[0][2], 'as_of_us': rows[0][3]} if rows else none) }}
{%- endmacro %}

{# The runs in which models were last built from scratch. #}
{% macro last_full_runs() -%}
{%- set found = {} -%}
{%- for row in run_query('select model_name, max(run_no) from ' ~ builds_relation() ~ ' where is_full group by model_name').rows -%}
    {%- do found.update({row[0]: row[1]}) -%}
{%- endfor -%}
{{ return(found) }}
{%- endmacro %}

{#
  Everything that decides what the model's rows are, beside the raw rows: the project's SQL, its variables, and the seeds that the
  model reads. `as_of` is not among them: it moves.
#}
{% macro fingerprint(settings={}) -%}
{%- set content = [model.raw_code] -%}
{%- for macro in ref.manifest.macros.values() if macro.package_name == 'empathy_roi' -%}{%- do content.append(macro.macro_sql) -%}{%- endfor -%}
{%- for name in lineage().seeds -%}{%- do content.append(graph.nodes[name].checksum.checksum) -%}{%- endfor -%}
{%- for name in decisive_variables() -%}{%- do content.append(name ~ tojson(var(name, none))) -%}{%- endfor -%}
{{ return(local_md5(content | sort | join ~ tojson(settings, sort_keys=true))) }}
{%- endmacro %}

{# The variables that decide what rows are. #}
{% macro decisive_variables() -%}
{{ return([
    'disabled_tables', 'reporting_timezone', 'reporting_currency', 'max_clock_skew_hours', 'session_timeout_minutes', 'rage_click_gap_ms',
    'pause_seconds', 'handover_threshold', 'event_dimensions', 'user_segments',
]) }}
{%- endmacro %}

{# The seeds and the incremental models that a model hangs on, directly or through others. The gate behind the seeds' rules is no such way. #}
{% macro lineage() -%}
{%- set seen = [model.unique_id] -%}
{%- set found = {'seeds': [], 'incremental': []} -%}
{%- for unique_id in seen -%}
    {%- set node = graph.nodes[unique_id] -%}
    {%- if node.resource_type == 'seed' -%}
        {%- do found.seeds.append(unique_id) -%}
    {%- elif unique_id != model.unique_id and node.config.materialized == 'incremental' and not node.config.get('meta', {}).get('is_always_full') -%}
        {%- do found.incremental.append(node.name) -%}
    {%- endif -%}
    {%- for parent in node.get('depends_on', {}).get('nodes', []) if parent in graph.nodes and parent not in seen and '.seed_violations' not in parent -%}
        {%- do seen.append(parent) -%}
    {%- endfor -%}
{%- endfor -%}
{{ return(found) }}
{%- endmacro %}

{#
  Does this build add to what is there? Where it does, the SQL says so (increment_marker), which is how begin_build knows.
  `settings`: what else the rows hang on.
#}
{% macro builds_increment(settings={}) -%}
{%- if not execute or model.resource_type != 'model' or not is_incremental() or not load_relation(builds_relation()) -%}{{ return(false) }}{%- endif -%}
{%- set last = last_build(model.name) -%}
{%- if last is none or last.fingerprint != fingerprint(settings) -%}{{ return(false) }}{%- endif -%}
{%- set full_runs = last_full_runs() -%}
{%- for name in lineage().incremental if full_runs.get(name, 0) > full_runs.get(model.name, 0) -%}{{ return(false) }}{%- endfor -%}
{{ return(true) }}
{%- endmacro %}

{% macro increment_marker() -%}/* an increment */{%- endmacro %}

{#
  Before the rows go in, in the same transaction: note what the build is made of, and take out what it replaces: everything, or,
  in an increment, the rows that fulfil `replaced`.
#}
{% macro begin_build(replaced='', settings={}) -%}
{%- if execute -%}
{%- set increment = increment_marker() in (model.compiled_code or '') -%}
insert into {{ builds_relation() }}
select
    '{{ model.name }}',
    max(run_no),
    {{ 'false' if increment else 'true' }},
    '{{ fingerprint(settings) }}',
    {% if 'model.empathy_roi.as_of' in model.depends_on.nodes %}(select as_of_us from {{ ref('as_of') }}){% else %}null{% endif %}
from {{ builds_relation() }};
{% if increment and replaced -%}
delete from {{ this }} where {{ replaced }};
{%- elif not increment and is_incremental() -%}
delete from {{ this }};
{%- endif -%}
{%- endif -%}
{%- endmacro %}
