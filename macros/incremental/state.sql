{#
  What each model was last built from. `int_builds` has one row per model and build. Incremental models write theirs in the
  transaction of the build itself; what is built whole, and the tests that passed, are written when the run ends. A run that dies, or
  that builds a part, leaves every incremental model with its own truth, and what it built whole is not relied on.

  A model builds an increment only where its last build had the same definition and settings (fingerprint), and none of the
  incremental models it reads has been rebuilt from scratch since. Otherwise it rebuilds itself, in place.
#}
{% macro builds_relation() -%}
{{ return(api.Relation.create(database=target.database, schema=target.schema, identifier='int_builds', type='table')) }}
{%- endmacro %}

{# Does this command build, so that what it does is remembered? #}
{% macro is_building() -%}{{ return(execute and flags.WHICH in ('build', 'run', 'seed')) }}{%- endmacro %}

{# Before anything is built: the table is there, what is stale is said, and the run is numbered. #}
{% macro create_builds() -%}
{%- if is_building() -%}
create table if not exists {{ builds_relation() }} (
    model_name {{ dbt.type_string() }}, run_no bigint, is_full boolean, fingerprint {{ dbt.type_string() }}, as_of_us bigint
){{ ' using ' ~ spark_format() if target.type == 'spark' }}
{%- endif -%}
{%- endmacro %}

{% macro start_run() -%}
{%- if is_building() -%}
{%- if flags.WHICH != 'seed' -%}
    {%- do check_id_form() -%}
    {%- do say_what_is_stale() -%}
{%- endif -%}
{%- set form = id_form() -%}
insert into {{ builds_relation() }} select '(run)', {{ memory().run_no }}, false, {{ literal(form) if form else 'null' }}, null
{%- endif -%}
{%- endmacro %}

{# When the run ends: what was built whole, and the tests that passed. What failed half-way is remembered as nothing. #}
{% macro end_run(results) -%}
{%- if is_building() and not flags.EMPTY -%}
{%- set memory = memory() -%}
{#- a run of a part leaves the others' comments and grants as they were -#}
{%- set is_part = invocation_args_dict.get('select') or invocation_args_dict.get('exclude') -%}
{%- set rows = [("'(end)'", literal(memory.builds.get('(end)', {}).get('fingerprint') or '' if is_part else environment()))] -%}
{%- for result in results if result.node.resource_type in ('model', 'seed', 'test') and result.node.unique_id not in memory.kept and result.node.config.materialized != 'incremental' -%}
    {%- if result.status in ('success', 'pass') -%}
        {%- do rows.append((literal(build_name(result.node)), literal(memory.made_of.get(result.node.unique_id, '')))) -%}
    {%- elif result.status == 'error' and result.node.resource_type != 'test' -%}
        {%- do rows.append((literal(build_name(result.node)), 'null')) -%}
    {%- endif -%}
{%- endfor -%}
insert into {{ builds_relation() }} values
{% for name, fingerprint in rows -%}
({{ name }}, {{ memory.run_no }}, null, {{ fingerprint }}, null){{ ', ' if not loop.last }}
{%- endfor -%}
{%- endif -%}
{%- endmacro %}

{# The number of this run, as SQL. #}
{% macro run_number() -%}(select max(run_no) from {{ builds_relation() }}){%- endmacro %}

{# What a model was last built from: its run, its settings, its `as_of`; none where it never was. #}
{% macro last_build(model_name) -%}{{ return(memory().builds.get(model_name)) }}{%- endmacro %}

{#
  Everything that decides what an incremental model's rows are, beside the raw rows: its own SQL and the project's macros, the
  variables, the seeds that it reads, and the columns of its raw table. `as_of` is not among them: it moves.
  A seed is what the warehouse holds of it, or, where this run has yet to load it, what the run `is_to_load`.
#}
{% macro settings_of(node, is_to_load=false) -%}
{%- set settings = {'the SQL': local_md5(node.raw_code ~ all_macros()), 'the columns of the raw table': local_md5(raw_state(node))} -%}
{%- for unique_id in lineage(node.unique_id).seeds -%}
    {%- set seed = ref.manifest.nodes[unique_id] -%}
    {%- set content = content_of_seed(seed) if is_to_load and unique_id in selected_resources else read_of_seed(seed, node) -%}
    {%- do settings.update({seed.original_file_path.split('/')[-1]: content[:16]}) -%}
{%- endfor -%}
{%- if node.fqn[1] in ('experiments', 'metrics') -%}{%- do settings.update({'the metrics': all_metrics()}) -%}{%- endif -%}
{%- if id_form() -%}{%- do settings.update({'the key of the pseudonyms': id_form()}) -%}{%- endif -%}
{%- for name in decisive_variables() -%}{%- do settings.update({"variable '" ~ name ~ "'": local_md5(tojson(var(name, none)))}) -%}{%- endfor -%}
{{ return(settings) }}
{%- endmacro %}

{% macro fingerprint() -%}
{%- set known = memory().made_of -%}
{%- if model.unique_id not in known -%}{%- do known.update({model.unique_id: tojson(settings_of(ref.manifest.nodes[model.unique_id]), sort_keys=true)}) -%}{%- endif -%}
{{ return(known[model.unique_id] ~ (' --empty' if flags.EMPTY else '')) }}
{%- endmacro %}

{# Does this build add to what is there? Where it does, the SQL says so (increment_marker), which is how begin_build knows. #}
{% macro builds_increment() -%}
{%- if not execute or model.resource_type != 'model' -%}{{ return(false) }}{%- endif -%}
{%- set known = memory().increments -%}
{%- if model.name not in known -%}{%- do known.update({model.name: may_build_increment()}) -%}{%- endif -%}
{{ return(known[model.name]) }}
{%- endmacro %}

{% macro may_build_increment() -%}
{%- set builds = memory().builds -%}
{%- set last = builds.get(model.name) -%}
{%- if last is none or not is_incremental() or not can_replace_rows() or last.fingerprint != fingerprint() -%}{{ return(false) }}{%- endif -%}
{%- for name in lineage(model.unique_id).incremental if builds.get(name, {}).get('full_run_no', 0) > last.full_run_no or name in memory().full_now -%}
    {{ return(false) }}
{%- endfor -%}
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
{% macro begin_build(replaced='') -%}
{%- if execute -%}{{ return(adapter.dispatch('begin_build', 'empathy_roi')(replaced)) }}{%- endif -%}
{%- endmacro %}
{% macro default__begin_build(replaced) -%}
{{ noted_build() }};
{{ noted_files() }}
{% if builds_on() and replaced -%}
delete from {{ this }} where {{ replaced }};
{%- elif not builds_on() and is_incremental() -%}
delete from {{ this }};
{%- endif -%}
{%- endmacro %}

{# Does the model, as it was compiled, add to what is there? #}
{% macro builds_on() -%}{{ return(increment_marker() in (model.compiled_code or '')) }}{%- endmacro %}

{# What the build is made of goes into int_builds. #}
{% macro noted_build() -%}
insert into {{ builds_relation() }}
select
    '{{ model.name }}',
    max(run_no),
    {{ 'false' if builds_on() else 'true' }},
    {{ literal(fingerprint()) }},
    {% if 'model.empathy_roi.as_of' in model.depends_on.nodes %}(select as_of_us from {{ ref('as_of') }}){% else %}null{% endif %}
from {{ builds_relation() }}
{%- endmacro %}
