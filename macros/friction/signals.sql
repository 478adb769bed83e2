{# The signals counted per step attempt and added up per attempt and per day (pauses in microseconds apart). #}
{% macro step_signals() -%}
{{ return(['retries', 'backtracks', 'errors', 'field_edits', 'repeated_edits', 'rage_clicks', 'help_views', 'exit_surveys', 'pauses']) }}
{%- endmacro %}

{# The carried keys of `properties`, as one JSON object with its keys in order; null where none are carried. #}
{% macro carried_dimensions(properties) -%}
{%- set keys = var('event_dimensions', []) | sort -%}
{%- if keys -%}
{{ json_object_of_values(keys, properties) }}
{%- else -%}
cast(null as {{ dbt.type_string() }})
{%- endif -%}
{%- endmacro %}
