{# Time as integers: inside the pipeline a moment is microseconds since 1970, so that comparisons and sums are exact everywhere. #}

{% macro epoch_us(moment) -%}{{ return(adapter.dispatch('epoch_us', 'empathy_roi')(moment)) }}{%- endmacro %}
{% macro default__epoch_us(moment) -%}cast(extract(epoch from {{ moment }}) * 1000000 as bigint){%- endmacro %}
{% macro duckdb__epoch_us(moment) -%}epoch_us({{ moment }}){%- endmacro %}
{% macro spark__epoch_us(moment) -%}unix_micros({{ moment }}){%- endmacro %}

{% macro timestamp_from_us(microseconds) -%}{{ return(adapter.dispatch('timestamp_from_us', 'empathy_roi')(microseconds)) }}{%- endmacro %}
{% macro default__timestamp_from_us(microseconds) -%}(timestamp '1970-01-01 00:00:00' + ({{ microseconds }}) * interval '1 microsecond'){%- endmacro %}
{% macro duckdb__timestamp_from_us(microseconds) -%}make_timestamp({{ microseconds }}){%- endmacro %}
{% macro spark__timestamp_from_us(microseconds) -%}timestamp_micros({{ microseconds }}){%- endmacro %}

{# Exact seconds with fractions from whole microseconds. #}
{% macro seconds_from_us(microseconds) -%}(cast({{ microseconds }} as {{ type_double() }}) / 1000000){%- endmacro %}

{# From one moment to another, in microseconds, floored at 0; null where either is. #}
{% macro elapsed_us(start_us, end_us) -%}
(case when {{ end_us }} >= {{ start_us }} then {{ end_us }} - {{ start_us }} when {{ end_us }} < {{ start_us }} then 0 end)
{%- endmacro %}

{# A whole number in SQL, the nearest: 4.1 × 60,000,000 is a little less than 246,000,000 in floating point. #}
{% macro whole(number) -%}{{ number | round | int }}{%- endmacro %}

{% macro days_us(days) -%}{{ whole(days * 86400000000) }}{%- endmacro %}

{# The clock time of a UTC moment (microseconds) in a time zone. #}
{% macro local_clock(microseconds, timezone) -%}{{ return(adapter.dispatch('local_clock', 'empathy_roi')(microseconds, timezone)) }}{%- endmacro %}
{% macro default__local_clock(microseconds, timezone) -%}
({{ timestamp_from_us(microseconds) }} at time zone 'UTC') at time zone '{{ timezone }}'
{%- endmacro %}
{% macro spark__local_clock(microseconds, timezone) -%}
from_utc_timestamp({{ timestamp_from_us(microseconds) }}, '{{ timezone }}')
{%- endmacro %}

{# The calendar day of a UTC moment (microseconds) in a time zone. #}
{% macro local_day(microseconds, timezone='UTC') -%}
cast({{ timestamp_from_us(microseconds) if timezone == 'UTC' else local_clock(microseconds, timezone) }} as date)
{%- endmacro %}

{#
  The UTC moment (microseconds) of a local clock time, the first where clocks go back over it (by two hours, one, or half of one); `timezone`
  is a literal. Engines take the first or the second.
#}
{% macro utc_us_of_local(local_timestamp, timezone) -%}
{%- set moment = adapter.dispatch('either_utc_us_of_local', 'empathy_roi')(local_timestamp, timezone) -%}
(case
            {%- for minutes in (120, 60, 30) %}
            {%- set earlier = moment ~ ' - ' ~ minutes * 60000000 %}
            when {{ local_clock(earlier, timezone) }} = {{ local_timestamp }} then {{ earlier }}
            {%- endfor %}
            else {{ moment }}
        end)
{%- endmacro %}
{% macro default__either_utc_us_of_local(local_timestamp, timezone) -%}
{{ return(epoch_us("((" ~ local_timestamp ~ ") at time zone '" ~ timezone ~ "')")) }}
{%- endmacro %}
{% macro spark__either_utc_us_of_local(local_timestamp, timezone) -%}
{{ return(epoch_us("to_utc_timestamp(" ~ local_timestamp ~ ", '" ~ timezone ~ "')")) }}
{%- endmacro %}
