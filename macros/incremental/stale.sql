{# Say which marts a changed seed, variable or definition has made stale. They are mended in this run, by being built from scratch. #}
{% macro say_what_is_stale() -%}
{%- set changed, marts, steps = [], [], [] -%}
{%- for node in ref.manifest.nodes.values() if node.resource_type == 'model' and node.config.materialized == 'incremental' and not flags.FULL_REFRESH -%}
    {%- set last = last_build(node.name) -%}
    {%- if last and not node.config.meta.get('is_always_full') -%}
        {%- set before, now = fromjson(last.fingerprint or '') or {}, settings_of(node, is_to_load=true) -%}
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
{%- do say_what_is_not_loaded() -%}
{%- endmacro %}

{# Say which seeds this run leaves as they were loaded, though their files have changed since. #}
{% macro say_what_is_not_loaded() -%}
{%- set left = [] -%}
{%- for seed in ref.manifest.nodes.values() if seed.resource_type == 'seed' and seed.unique_id not in selected_resources and seed.checksum.name == 'sha256' -%}
    {%- if last_build(seed.name) and content_of_seed(seed) != loaded_of_seed(seed) -%}{%- do left.append(seed.original_file_path.split('/')[-1]) -%}{%- endif -%}
{%- endfor -%}
{%- if left -%}
    {%- do log('Changed since last loaded, and not loaded by this run: ' ~ left | sort | join(', ')
        ~ '. What it builds is made of the seeds as they were; `empathy-roi build` loads them.', info=true) -%}
{%- endif -%}
{%- endmacro %}

{# The variables that decide what rows are. #}
{% macro decisive_variables() -%}
{{ return([
    'disabled_tables', 'reporting_timezone', 'reporting_currency', 'max_clock_skew_hours', 'session_timeout_minutes', 'rage_click_gap_ms',
    'pause_seconds', 'handover_threshold', 'event_dimensions', 'user_segments', 'pseudonymize', 'require_analytics_consent',
]) }}
{%- endmacro %}
