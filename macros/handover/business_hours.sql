{# The one time zone of the business hours. #}
{% macro business_timezone() -%}{{ return(value_in(ref('cfg_business_hours'), 'min(timezone)') or 'UTC') }}{%- endmacro %}

{# How many days the tickets span: the length of the calendar. #}
{% macro business_day_count() -%}
{%- set days = value_in(ref('int_ticket_events'), '(max(occurred_us) - min(occurred_us)) / 86400000000.0') -%}
{{ return(1 if days is none else (days | int) + 3) }}
{%- endmacro %}
