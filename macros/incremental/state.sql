{#
  What each incremental model was last built from. `int_builds` has one row per model and build, written in the transaction of
  the build itself: a run that dies, or that builds a part, leaves every model with its own truth.

  A model builds an increment only where its last build had the same definition and settings (fingerprint), and none of the
  incremental models it reads has been rebuilt from scratch since. Otherwise it rebuilds itself, in place.
#}
{% macro builds_relation() -%}
{{ return(api.Relation.create(database=target.database, schema=target.schema, identifier='int_builds', type='table')) }}
{%- endmacro %}

{# Before anything is built: the table is there, what is stale is said, and the run is numbered. #}
{% macro create_builds() -%}
{%- if execute and flags.WHICH in ('build', 'run') -%}
create table if not exists {{ builds_relation() }} (
    model_name {{ dbt.type_string() }}, run_no bigint, is_full boolean, fingerprint {{ dbt.type_string() }}, as_of_us bigint
){{ ' using ' ~ spark_format() if target.type == 'spark' }}
{%- endif -%}
{%- endmacro %}

{% macro start_run() -%}
{%- if execute and flags.WHICH in ('build', 'run') -%}
{%- do check_id_form() -%}
{%- do say_what_is_stale() -%}
{%- set form = id_form() -%}
insert into {{ builds_relation() }}
select '(run)', coalesce(max(run_no), 0) + 1, false, {{ literal(form) if form else 'null' }}, null from {{ builds_relation() }}
{%- endif -%}
{%- endmacro %}

{# The number of this run, as SQL. #}
{% macro run_number() -%}(select max(run_no) from {{ builds_relation() }}){%- endmacro %}

{# What a model was last built from: its run, its settings, whether from scratch; none where it never was. #}
{% macro last_build(model_name) -%}
{%- set rows = run_query(
    'select run_no, is_full, fingerprint, as_of_us from ' ~ builds_relation() ~ " where model_name = '" ~ model_name
    ~ "' and run_no < (select max(run_no) from " ~ builds_relation() ~ " where model_name = '(run)') order by run_no desc limit 1"
).rows -%}
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
  Everything that decides what a model's rows are, beside the raw rows: its own SQL and the project's macros, the variables, and the
  seeds that it reads. `as_of` is not among them: it moves. `more`: what else the rows hang on.
#}
{% macro settings_of(node, more={}) -%}
{%- set macros = [] -%}
{%- for macro in ref.manifest.macros.values() if macro.package_name == 'empathy_roi' -%}{%- do macros.append(macro.macro_sql) -%}{%- endfor -%}
{%- set settings = {'the SQL': local_md5(node.raw_code ~ macros | sort | join), 'the columns of the raw table': local_md5(tojson(more, sort_keys=true))} -%}
{%- for unique_id in lineage(node.unique_id).seeds -%}
    {%- do settings.update({graph.nodes[unique_id].original_file_path.split('/')[-1]: graph.nodes[unique_id].checksum.checksum[:16]}) -%}
{%- endfor -%}
{%- if node.fqn[1] in ('experiments', 'metrics') -%}{%- do settings.update({'the metrics': local_md5(tojson(metric_definitions(), sort_keys=true))}) -%}{%- endif -%}
{%- if id_form() -%}{%- do settings.update({'the key of the pseudonyms': id_form()}) -%}{%- endif -%}
{%- for name in decisive_variables() -%}{%- do settings.update({"variable '" ~ name ~ "'": local_md5(tojson(var(name, none)))}) -%}{%- endfor -%}
{{ return(settings) }}
{%- endmacro %}

{% macro fingerprint(more={}) -%}{{ return(tojson(settings_of(model, more), sort_keys=true)) }}{%- endmacro %}

{# Say which marts a changed seed, variable or definition has made stale. They are mended in this run, by being built from scratch. #}
{% macro say_what_is_stale() -%}
{%- set changed, marts, steps = [], [], [] -%}
{%- for node in graph.nodes.values() if node.resource_type == 'model' and node.config.materialized == 'incremental' and not flags.FULL_REFRESH -%}
    {%- set fingerprints = run_query('select fingerprint from ' ~ builds_relation() ~ " where model_name = '" ~ node.name ~ "' order by run_no desc limit 1").rows -%}
    {%- if fingerprints and not node.config.get('meta', {}).get('is_always_full') -%}
        {%- set before, now = fromjson(fingerprints[0][0]), settings_of(node) -%}
        {%- for name in now if name != 'the columns of the raw table' and before.get(name) != now[name] -%}
            {%- do changed.append(name) -%}
            {%- do (steps if node.name.startswith('int_') else marts).append(node.name) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endfor -%}
{%- if changed -%}
    {%- do log(changed | unique | sort | join(', ') ~ ' changed since the last build. Stale: ' ~ (marts or steps) | unique | sort | join(', ')
        ~ ' and what is made of them. This run mends what it selects by building it from scratch; `empathy-roi build --full-refresh` mends everything.', info=true) -%}
{%- endif -%}
{%- endmacro %}

{# The variables that decide what rows are. #}
{% macro decisive_variables() -%}
{{ return([
    'disabled_tables', 'reporting_timezone', 'reporting_currency', 'max_clock_skew_hours', 'session_timeout_minutes', 'rage_click_gap_ms',
    'pause_seconds', 'handover_threshold', 'event_dimensions', 'user_segments', 'pseudonymize', 'require_analytics_consent',
]) }}
{%- endmacro %}

{# The seeds and the incremental models that a model hangs on, directly or through others. The gate behind the seeds' rules is no such way. #}
{% macro lineage(of_id) -%}
{%- set seen = [of_id] -%}
{%- set found = {'seeds': [], 'incremental': []} -%}
{%- for unique_id in seen -%}
    {%- set node = graph.nodes[unique_id] -%}
    {%- if node.resource_type == 'seed' -%}
        {%- do found.seeds.append(unique_id) -%}
    {%- elif unique_id != of_id and node.config.materialized == 'incremental' and not node.config.get('meta', {}).get('is_always_full') -%}
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
  `more`: what else the rows hang on.
#}
{% macro builds_increment(more={}) -%}
{%- if not execute or model.resource_type != 'model' or not is_incremental() or not can_replace_rows() or not load_relation(builds_relation()) -%}{{ return(false) }}{%- endif -%}
{%- set last = last_build(model.name) -%}
{%- if last is none or last.fingerprint != fingerprint(more) -%}{{ return(false) }}{%- endif -%}
{%- set full_runs = last_full_runs() -%}
{%- for name in lineage(model.unique_id).incremental if full_runs.get(name, 0) > full_runs.get(model.name, 0) -%}{{ return(false) }}{%- endfor -%}
{{ return(true) }}
{%- endmacro %}

{# Can rows be taken out of a table? #}
{% macro can_replace_rows() -%}{{ return(adapter.dispatch('can_replace_rows', 'empathy_roi')()) }}{%- endmacro %}
{% macro default__can_replace_rows() -%}{{ return(true) }}{%- endmacro %}

{% macro increment_marker() -%}/* an increment */{%- endmacro %}

{#
  Before the rows go in, in the same transaction: note what the build is made of, and take out what it replaces: everything, or,
  in an increment, the rows that fulfil `replaced`.
#}
{% macro begin_build(replaced='', more={}) -%}
{%- if execute -%}{{ return(adapter.dispatch('begin_build', 'empathy_roi')(replaced, more)) }}{%- endif -%}
{%- endmacro %}
{% macro default__begin_build(replaced, more) -%}
{{ noted_build(more) }};
{% if builds_on() and replaced -%}
delete from {{ this }} where {{ replaced }};
{%- elif not builds_on() and is_incremental() -%}
delete from {{ this }};
{%- endif -%}
{%- endmacro %}

{# Does the model, as it was compiled, add to what is there? #}
{% macro builds_on() -%}{{ return(increment_marker() in (model.compiled_code or '')) }}{%- endmacro %}

{# What the build is made of goes into int_builds. #}
{% macro noted_build(more={}) -%}
insert into {{ builds_relation() }}
select
    '{{ model.name }}',
    max(run_no),
    {{ 'false' if builds_on() else 'true' }},
    {{ literal(fingerprint(more)) }},
    {% if 'model.empathy_roi.as_of' in model.depends_on.nodes %}(select as_of_us from {{ ref('as_of') }}){% else %}null{% endif %}
from {{ builds_relation() }}
{%- endmacro %}
