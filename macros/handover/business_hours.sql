{# The one time zone of the business hours. #}
{% macro business_timezone() -%}
{%- set timezone = namespace(name='UTC') -%}
{%- set relation = ref('cfg_business_hours') -%}
{%- if execute and load_relation(relation) -%}
    {%- set rows = run_query('select min(timezone) from ' ~ relation).rows -%}
    {%- if rows and rows[0][0] -%}{%- set timezone.name = rows[0][0] -%}{%- endif -%}
{%- endif -%}
{{ return(timezone.name) }}
{%- endmacro %}

{# How many days the tickets span: the length of the calendar. #}
{% macro business_day_count() -%}
{%- set days = namespace(count=1) -%}
{%- set relation = ref('int_ticket_events') -%}
{%- if execute and load_relation(relation) -%}
    {%- set rows = run_query('select (max(occurred_us) - min(occurred_us)) / 86400000000.0 from ' ~ relation).rows -%}
    {%- if rows and rows[0][0] is not none -%}{%- set days.count = (rows[0][0] | int) + 3 -%}{%- endif -%}
{%- endif -%}
{{ return(days.count) }}
{%- endmacro %}
