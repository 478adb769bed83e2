{#
  What has not changed is not built again, as make does it: a model, seed or test stands where it is made of the same SQL (or file) as
  at its last build, and nothing that it reads has been built since. `--full-refresh` builds everything.

  The materializations of dbt stay what they are; these look first.
#}
{% materialization table, default %}{{ return(build_or_keep('table', 'default')) }}{% endmaterialization %}
{% materialization table, adapter='duckdb', supported_languages=['sql', 'python'] %}{{ return(build_or_keep('table', 'duckdb')) }}{% endmaterialization %}
{% materialization table, adapter='spark', supported_languages=['sql', 'python'] %}{{ return(build_or_keep('table', 'spark')) }}{% endmaterialization %}
{% materialization incremental, default %}{{ return(build_or_keep('incremental', 'default')) }}{% endmaterialization %}
{% materialization incremental, adapter='duckdb', supported_languages=['sql', 'python'] %}{{ return(build_or_keep('incremental', 'duckdb')) }}{% endmaterialization %}
{% materialization incremental, adapter='spark', supported_languages=['sql'] %}{{ return(build_or_keep('incremental', 'spark')) }}{% endmaterialization %}
{% materialization view, default %}{{ return(build_or_keep('view', 'default')) }}{% endmaterialization %}
{% materialization view, adapter='spark' %}{{ return(build_or_keep('view', 'spark')) }}{% endmaterialization %}
{% materialization seed, default %}{{ return(build_or_keep('seed', 'default')) }}{% endmaterialization %}
{% materialization test, default %}{{ return(build_or_keep('test', 'default')) }}{% endmaterialization %}

{% macro build_or_keep(kind, engine) -%}
{%- set memory = memory() -%}
{%- if is_building() and stands(kind) -%}
    {%- do memory.kept.update({model.unique_id: true}) -%}
    {%- if kind == 'test' -%}
        {%- call statement('main', fetch_result=True) -%}select 0 as failures, {{ 'false' }} as should_warn, {{ 'false' }} as should_error{%- endcall -%}
        {{ return({'relations': []}) }}
    {%- endif -%}
    {%- if kind == 'seed' -%}{%- do store_result('agate_table', response='UNCHANGED', agate_table=load_agate_table()) -%}{%- endif -%}
    {%- call noop_statement('main', 'UNCHANGED', 'UNCHANGED', 0) -%}{%- endcall -%}
    {{ return({'relations': [this.incorporate(type='view' if kind == 'view' else 'table')]}) }}
{%- endif -%}
{%- if kind == 'incremental' and engine != 'spark' and has_other_columns() -%}{%- do memory.replaced.update({model.unique_id: true}) -%}{%- endif -%}
{%- set result = spark_incremental() if kind == 'incremental' and engine == 'spark' else dbt['materialization_' ~ kind ~ '_' ~ engine]() -%}
{%- if is_building() and kind != 'test' -%}
    {%- do memory.built.update({model.unique_id: true}) -%}
    {%- if kind == 'incremental' and not builds_on() -%}{%- do memory.full_now.update({model.name: true}) -%}{%- endif -%}
{%- endif -%}
{{ return(result) }}
{%- endmacro %}

{# Does what was built, or passed, before stand? #}
{% macro stands(kind) -%}
{%- set memory = memory() -%}
{%- set now = made_of(kind) -%}
{%- set last = memory.builds.get(build_name(model)) -%}
{%- set last_end = memory.builds.get('(end)', {}) -%}
{%- if flags.FULL_REFRESH or flags.EMPTY or not last or last.fingerprint != now or last_end.get('fingerprint') != environment() -%}{{ return(false) }}{%- endif -%}
{%- if kind != 'incremental' and last.run_no <= memory.broken_run_no -%}{{ return(false) }}{%- endif -%}
{%- if kind != 'test' and load_cached_relation(this) is none -%}{{ return(false) }}{%- endif -%}
{%- if model.config.get('meta', {}).get('raw_table') and not raw_table_stands(model.config.meta.raw_table) -%}{{ return(false) }}{%- endif -%}
{%- for parent in model.depends_on.get('nodes', []) if newest_build(parent, kind == 'test') > last.run_no -%}{{ return(false) }}{%- endfor -%}
{{ return(true) }}
{%- endmacro %}

{# Under which name a build is remembered. #}
{% macro build_name(node) -%}{{ return(node.unique_id if node.resource_type == 'test' else node.name) }}{%- endmacro %}

{# What a model, seed or test is made of, beside what it reads. #}
{% macro made_of(kind) -%}
{%- if kind == 'incremental' -%}{{ return(fingerprint()) }}{%- endif -%}
{%- if kind == 'seed' -%}
    {%- set found = content_of_seed(model) -%}
{%- else -%}
    {#- without the name of the database: on DuckDB a file may be copied or moved -#}
    {%- set found = digest_of(kind, (model.compiled_code or sql).replace(adapter.quote(target.database) ~ '.', ''), model.config) -%}
{%- endif -%}
{%- do memory().made_of.update({model.unique_id: found}) -%}
{{ return(found) }}
{%- endmacro %}

{% macro digest_of(kind, content, settings) -%}
{{ return(local_md5(kind ~ content ~ tojson([settings.get('column_types'), settings.get('fail_calc'), settings.get('warn_if'), settings.get('error_if')]))) }}
{%- endmacro %}

{# Has nothing landed in a raw table since it was last checked? Its files or hours have been compared already, as the SQL was made. #}
{% macro raw_table_stands(table) -%}
{%- if table == 'users' -%}{{ return(true) }}{%- endif -%}
{%- set landing = memory().landing.get(table) -%}
{{ return(landing is not none and not landing.hours and not landing.files and not landing.is_rewritten) }}
{%- endmacro %}

{# The last run in which something was built; what a view shows changes with what it reads. Unknown is later than any run. #}
{% macro newest_build(unique_id, of_gate=false) -%}
{%- set memory = memory() -%}
{%- set node = ref.manifest.nodes.get(unique_id) -%}
{%- if not node or (unique_id.endswith('.seed_violations') and not of_gate) -%}{{ return(0) }}{%- endif -%}
{%- if unique_id in memory.built -%}{{ return(memory.run_no) }}{%- endif -%}
{%- set last = memory.builds.get(node.name) -%}
{%- if not last or (node.config.materialized != 'incremental' and last.run_no <= memory.broken_run_no) -%}{{ return(memory.run_no + 1) }}{%- endif -%}
{%- set newest = namespace(run_no=last.run_no) -%}
{%- if node.config.materialized == 'view' -%}
    {%- for parent in node.depends_on_nodes -%}{%- set newest.run_no = [newest.run_no, newest_build(parent)] | max -%}{%- endfor -%}
{%- endif -%}
{{ return(newest.run_no) }}
{%- endmacro %}
