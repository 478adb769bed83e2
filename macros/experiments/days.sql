{# How many days the longest experiment has run: the length of the calendar. #}
{% macro experiment_day_count() -%}
{%- set days = namespace(count=1) -%}
{%- set now = ref('as_of') -%}
{%- set experiments = ref('cfg_experiments') -%}
{%- if execute and load_relation(now) and load_relation(experiments) -%}
    {%- set rows = run_query(
        'select max(' ~ dbt.datediff('experiments.started_on', 'now.as_of', 'day') ~ ') from ' ~ experiments
        ~ ' as experiments cross join ' ~ now ~ ' as now'
    ).rows -%}
    {%- if rows and rows[0][0] is not none and rows[0][0] > 0 -%}{%- set days.count = (rows[0][0] | int) + 3 -%}{%- endif -%}
{%- endif -%}
{{ return(days.count) }}
{%- endmacro %}
