{# 1 = Monday … 7 = Sunday. #}
{% macro iso_weekday(day) -%}{{ return(adapter.dispatch('iso_weekday', 'empathy_roi')(day)) }}{%- endmacro %}
{% macro default__iso_weekday(day) -%}cast(extract(isodow from {{ day }}) as integer){%- endmacro %}
{% macro spark__iso_weekday(day) -%}(weekday({{ day }}) + 1){%- endmacro %}

{# The local timestamp of a clock time (HH:MM, 24:00 for the day's end) on a day. #}
{% macro clock_on_day(day, clock) -%}{{ return(adapter.dispatch('clock_on_day', 'empathy_roi')(day, clock)) }}{%- endmacro %}
{% macro default__clock_on_day(day, clock) -%}
(cast({{ day }} as timestamp) + (cast(substr({{ clock }}, 1, 2) as integer) * 60 + cast(substr({{ clock }}, 4, 2) as integer)) * interval '1 minute')
{%- endmacro %}
