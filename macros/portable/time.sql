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

{% macro days_us(days) -%}{{ (days * 86400000000) | int }}{%- endmacro %}

{# The calendar day of a UTC moment (microseconds) in a time zone. #}
{% macro local_day(microseconds, timezone='UTC') -%}
{%- if timezone == 'UTC' -%}
cast({{ timestamp_from_us(microseconds) }} as date)
{%- else -%}
{{ return(adapter.dispatch('local_day', 'empathy_roi')(microseconds, timezone)) }}
{%- endif -%}
{%- endmacro %}
{% macro default__local_day(microseconds, timezone) -%}
cast(({{ timestamp_from_us(microseconds) }} at time zone 'UTC') at time zone '{{ timezone }}' as date)
{%- endmacro %}
{% macro spark__local_day(microseconds, timezone) -%}
cast(from_utc_timestamp({{ timestamp_from_us(microseconds) }}, '{{ timezone }}') as date)
{%- endmacro %}

{# The UTC moment (microseconds) of a local clock time; `timezone` is a literal. #}
{% macro utc_us_of_local(local_timestamp, timezone) -%}{{ return(adapter.dispatch('utc_us_of_local', 'empathy_roi')(local_timestamp, timezone)) }}{%- endmacro %}
{% macro default__utc_us_of_local(local_timestamp, timezone) -%}
{{ epoch_us("((" ~ local_timestamp ~ ") at time zone '" ~ timezone ~ "')") }}
{%- endmacro %}
{% macro spark__utc_us_of_local(local_timestamp, timezone) -%}
{{ epoch_us("to_utc_timestamp(" ~ local_timestamp ~ ", '" ~ timezone ~ "')") }}
{%- endmacro %}
