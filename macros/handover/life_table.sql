{#
  The bucket of a duration (microseconds): of a minute up to an hour, of an hour up to 30 days, of a day beyond. Start, in seconds.
#}
{% macro bucket_start_s(duration_us) -%}
{%- set seconds = 'cast(floor(' ~ duration_us ~ ' / 1000000.0) as bigint)' -%}
(case
    when {{ duration_us }} < 3600000000 then {{ seconds }} - {{ seconds }} % 60
    when {{ duration_us }} < 2592000000000 then {{ seconds }} - {{ seconds }} % 3600
    else {{ seconds }} - {{ seconds }} % 86400
end)
{%- endmacro %}

{% macro bucket_end_s(bucket_start_s) -%}
({{ bucket_start_s }} + case when {{ bucket_start_s }} < 3600 then 60 when {{ bucket_start_s }} < 2592000 then 3600 else 86400 end)
{%- endmacro %}
