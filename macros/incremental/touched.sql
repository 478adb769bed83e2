{# What an increment builds anew. #}

{# The persons touched since this model was last built. #}
{% macro touched_persons() -%}
(select person_key from {{ ref('int_touched_persons') }} where run_no > {{ last_build(model.name).run_no }})
{%- endmacro %}

{# A condition that leaves the touched persons' rows in an increment, and all of them otherwise. #}
{% macro is_touched(column) -%}
{%- if builds_increment() -%}{{ increment_marker() }} {{ column }} in {{ touched_persons() }}{%- else -%}1 = 1{%- endif -%}
{%- endmacro %}

{# An incremental model of rows that belong to persons: those of touched persons are replaced. #}
{% macro by_person() -%}
{{ config(
    materialized='incremental', incremental_strategy='append', on_schema_change='fail',
    pre_hook="{{ begin_build('person_key in ' ~ touched_persons()) if execute and last_build(model.name) else begin_build() }}"
) }}
-- depends_on: {{ ref('int_touched_persons') }}
{%- endmacro %}

{#
  An incremental mart of rows that belong to persons. Beside those of touched persons it replaces the rows with a key among those
  that `passed` selects.
#}
{% macro mart_by_person(key=none, passed=none) -%}
{{ config(
    materialized='incremental', incremental_strategy='append', on_schema_change='fail',
    pre_hook="{{ begin_build(replaced_in_mart('" ~ (key or '') ~ "', " ~ (passed or "''") ~ ")) if execute and last_build(model.name) else begin_build() }}"
) }}
-- depends_on: {{ ref('int_touched_persons') }}, {{ ref('int_persons') }}
{%- endmacro %}

{% macro replaced_in_mart(key, passed) -%}
person_id in (select person_id from {{ ref('int_persons') }} where person_key in {{ touched_persons() }})
{%- if key %} or {{ key }} in ({{ passed }}){% endif %}
{%- endmacro %}

{#
  Did a moment pass between the `as_of` of this model's last build and that of this one (`now`), in either direction? What is known
  from that moment on, or until it, has to be told anew.
#}
{% macro has_passed(moment_us) -%}
{%- set last_us = last_build(model.name).as_of_us -%}
(now.as_of_us <> {{ last_us }} and {{ moment_us }} between least({{ last_us }}, now.as_of_us) and greatest({{ last_us }}, now.as_of_us))
{%- endmacro %}

{# A condition that leaves, in an increment, the rows of touched persons and those for which one of some moments has passed. #}
{% macro is_touched_or_passed(person_column, moments) -%}
{%- if builds_increment() -%}
{{ increment_marker() }} ({{ person_column }} in {{ touched_persons() }}{% for moment in moments %} or {{ has_passed(moment) }}{% endfor %})
{%- else -%}1 = 1{%- endif -%}
{%- endmacro %}
