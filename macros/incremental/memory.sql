{#
  What a run knows of earlier ones and of itself: read once, kept beside dbt's graph, and gone with the run. Without it every model
  would ask the warehouse and walk the graph anew.
#}
{% macro memory() -%}
{%- if graph.get('memory', {}).get('invocation_id') != invocation_id -%}
    {#- complete before it is seen: other threads may ask meanwhile -#}
    {%- set memory = remembered() -%}
    {%- do memory.update({'invocation_id': invocation_id}) -%}
    {%- do graph.update({'memory': memory}) -%}
{%- endif -%}
{{ return(graph['memory']) }}
{%- endmacro %}

{#
  builds: per model, seed and test its last build before this run. run_no: this run. broken_run_no: the last run that did not end.
  kept: what stood, by unique id; built: what was built in this run; full_now: those from scratch; replaced: those of them that a new table takes the place of; increments_kept: those whose new rows lie beside them; set_aside: tables that go when the run ends. The rest is worked out as it is asked for.
#}
{% macro remembered() -%}
{%- set builds = {} -%}
{%- set relation = builds_relation() -%}
{%- set broken = namespace(run_no=0) -%}
{%- if load_cached_relation(relation) -%}
    {%- for row in run_query(
        'select latest.model_name, latest.run_no, latest.full_run_no, builds.fingerprint, builds.as_of_us from ('
        ~ 'select model_name, max(run_no) as run_no, max(case when is_full then run_no end) as full_run_no from ' ~ relation
        ~ (" where model_name = '(run)' or run_no < (select max(run_no) from " ~ relation ~ " where model_name = '(run)')" if not is_building())
        ~ ' group by model_name) as latest inner join ' ~ relation ~ ' as builds on latest.model_name = builds.model_name and latest.run_no = builds.run_no'
    ).rows -%}
        {%- do builds.update({row[0]: {'run_no': row[1] | int, 'full_run_no': (row[2] or 0) | int, 'fingerprint': row[3], 'as_of_us': row[4]}}) -%}
    {%- endfor -%}
    {%- set broken.run_no = (run_query(
        'select max(runs.run_no) from ' ~ relation ~ ' as runs left join ' ~ relation ~ " as ends on runs.run_no = ends.run_no and ends.model_name = '(end)' "
        ~ "where runs.model_name = '(run)' and ends.run_no is null"
    ).rows[0][0] or 0) | int -%}
{%- endif -%}
{{ return({
    'builds': builds, 'run_no': builds.get('(run)', {'run_no': 0}).run_no + 1, 'broken_run_no': broken.run_no,
    'kept': {}, 'built': {}, 'full_now': {}, 'replaced': {}, 'made_of': {}, 'increments': {}, 'increments_kept': {}, 'set_aside': [], 'lineage': {}, 'landing': {}, 'raw_columns': {}, 'raw_files': {}, 'file_marks': {}, 'raw_state': {}, 'seed_columns': {}, 'once': {},
}) }}
{%- endmacro %}

{# The SQL of all macros of the project, as one digest. #}
{% macro all_macros() -%}
{%- set once = memory().once -%}
{%- if 'macros' not in once -%}
    {%- set macros = [] -%}
    {%- for macro in ref.manifest.macros.values() if macro.package_name == 'empathy_roi' -%}{%- do macros.append(macro.macro_sql) -%}{%- endfor -%}
    {%- do once.update({'macros': local_md5(macros | sort | join)}) -%}
{%- endif -%}
{{ return(once['macros']) }}
{%- endmacro %}

{# All metrics, as one digest. #}
{% macro all_metrics() -%}
{%- set once = memory().once -%}
{%- if 'all metrics' not in once -%}{%- do once.update({'all metrics': local_md5(tojson(metric_definitions(), sort_keys=true))}) -%}{%- endif -%}
{{ return(once['all metrics']) }}
{%- endmacro %}

{# What stands in the warehouse beside the rows: comments and grants. #}
{% macro environment() -%}
{%- set once = memory().once -%}
{%- if 'environment' not in once -%}
    {%- set words = [tojson(var('mart_grants', {}), sort_keys=true)] -%}
    {%- for node in ref.manifest.nodes.values() if node.resource_type in ('model', 'seed') -%}
        {%- do words.append(node.description) -%}
        {%- for column in node.columns.values() -%}{%- do words.append(column.name ~ ' ' ~ column.description) -%}{%- endfor -%}
    {%- endfor -%}
    {%- do once.update({'environment': local_md5(words | join('\n'))}) -%}
{%- endif -%}
{{ return(once['environment']) }}
{%- endmacro %}

{# The seeds, the tables and the incremental models that a model hangs on, directly or through others. The gate behind the seeds' rules is no such way. #}
{% macro lineage(of_id) -%}
{%- set known = memory().lineage -%}
{%- if of_id not in known -%}
    {%- set nodes = ref.manifest.nodes -%}
    {%- set seen = [of_id] -%}
    {%- set found = {'seeds': [], 'tables': [], 'incremental': []} -%}
    {%- for unique_id in seen -%}
        {%- set node = nodes[unique_id] -%}
        {%- if node.resource_type == 'seed' -%}
            {%- do found.seeds.append(unique_id) -%}
        {%- elif unique_id != of_id and node.config.materialized == 'incremental' and not node.config.meta.get('is_always_full') -%}
            {%- do found.incremental.append(node.name) -%}
        {%- elif unique_id != of_id and node.config.materialized == 'table' -%}
            {%- do found.tables.append(unique_id) -%}
        {%- endif -%}
        {%- for parent in node.depends_on_nodes if parent in nodes and parent not in seen and '.seed_violations' not in parent -%}
            {%- do seen.append(parent) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- do known.update({of_id: found}) -%}
{%- endif -%}
{{ return(known[of_id]) }}
{%- endmacro %}

{# What a raw table's rows hang on, its columns above all; of one whose rows do not say when they landed, also what is in it. #}
{% macro raw_state(node) -%}
{%- set table = node.config.meta.get('raw_table') -%}
{%- set known = memory().raw_state -%}
{%- if table not in known -%}
    {%- if not table or is_switched_off(table) -%}
        {%- do known.update({table: tojson({})}) -%}
    {%- else -%}
        {%- do known.update({table: tojson(seen_settings(table), sort_keys=true)
            ~ (' ' ~ run_query('select ' ~ digest_of_rows(raw_columns(table)) ~ ' from ' ~ raw_from(table) ~ ' as raw_rows').rows[0][0] if table == 'users' else '')}) -%}
    {%- endif -%}
{%- endif -%}
{{ return(known[table]) }}
{%- endmacro %}
