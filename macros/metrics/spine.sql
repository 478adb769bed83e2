{# How many days there are from the first on which anybody was seen to the last: the length of the time spine. #}
{% macro seen_day_count() -%}
{%- set days = namespace(count=1) -%}
{%- set relation = ref('int_person_days') -%}
{%- if execute and load_relation(relation) -%}
    {%- set rows = run_query('select ' ~ dbt.datediff('min(active_on)', 'max(active_on)', 'day') ~ ' from ' ~ relation).rows -%}
    {%- if rows and rows[0][0] is not none -%}{%- set days.count = (rows[0][0] | int) + 1 -%}{%- endif -%}
{%- endif -%}
{{ return(days.count) }}
{%- endmacro %}
