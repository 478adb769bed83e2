{#
  What an increment builds anew: rows that belong to touched persons, tickets or messages, and rows about which time alone
  has decided something since.
#}

{# The key that rows of a kind carry. An `act` is of a person: touched too where time alone has decided something about one of theirs. An `event` is of a person of whose events some changed. #}
{% macro touched_key(kind) -%}
{{ return({'person': 'person_key', 'act': 'person_key', 'event': 'person_key', 'ticket': 'ticket_id', 'message': 'message_id'}[kind]) }}
{%- endmacro %}

{#
  How many days ahead messages (from their delivery), tickets (from their opening and resolution) and attempts (from their completion) look at rows
  of a table. Whatever lies that long before a row that changed, or later, may change with it.
#}
{% macro days_looked_ahead() -%}
{{ return({'message_events': 0, 'consents': 0, 'ticket_events': 7, 'survey_responses': 7, 'transactions': 30}) }}
{%- endmacro %}

{# Of each touched person the moment from which on what looks at such rows is built anew; the others have none. #}
{% macro touched_others() -%}
(select person_key, min(others_from_us) as from_us from {{ ref('int_touched_persons') }} where run_no > {{ last_build(model.name).run_no }} and others_from_us is not null group by person_key)
{%- endmacro %}

{# The persons, tickets or messages touched since this model was last built. #}
{% macro touched(kind) -%}
(select {{ touched_key(kind) }} from {{ ref('int_touched_' ~ kind ~ 's') }} where run_no > {{ last_build(model.name).run_no }})
{%- endmacro %}

{# A condition that leaves what is touched in an increment, and everything otherwise. #}
{% macro is_touched(column, kind='person') -%}
{%- if builds_increment() -%}{{ increment_marker() }} {{ column }} in {{ touched(kind) }}{%- else -%}1 = 1{%- endif -%}
{%- endmacro %}

{#
  An incremental model of which an increment replaces the rows that fulfil a condition: an expression, worked out when it is built. `first` is a
  macro call, for what has to be done with these rows before they go.
#}
{% macro replaces(condition, first=none) -%}
{{ config(
    materialized='incremental', incremental_strategy='append', on_schema_change='fail',
    pre_hook=(["{{ " ~ first ~ " }}"] if first else []) + ["{{ begin_build(" ~ condition ~ ") if execute and last_build(model.name) else begin_build() }}"]
) }}
{%- endmacro %}

{# An incremental model whose rows carry the key of a kind: those of what is touched are replaced. #}
{% macro built_by(kind) -%}
{{ replaces("touched_key('" ~ kind ~ "') ~ ' in ' ~ touched('" ~ kind ~ "')") }}
{{ is_built_after('int_touched_' ~ kind ~ 's') }}
{%- endmacro %}

{#
  An incremental mart of rows that belong to a kind. Beside those of what is touched it replaces the rows with a key among those that
  `passed`, a macro call, selects.
#}
{% macro mart_by(kind, key=none, passed=none) -%}
{{ replaces("replaced_in_mart('" ~ kind ~ "', '" ~ (key or '') ~ "', " ~ (passed or "''") ~ ")") }}
{{ is_built_after('int_touched_' ~ kind ~ 's') }}
{{ is_built_after('int_persons') }}
{%- endmacro %}

{% macro replaced_in_mart(kind, key, passed) -%}
{%- if kind in ('person', 'act') -%}
person_id in (select person_id from {{ ref('int_persons') }} where person_key in {{ touched(kind) }})
{%- else -%}
{{ touched_key(kind) }} in {{ touched(kind) }}
{%- endif -%}
{%- if key %} or {{ key }} in ({{ passed }}){% endif %}
{%- endmacro %}

{# Has `as_of` moved since this model's last build? #}
{% macro as_of_has_moved() -%}now.as_of_us <> {{ last_build(model.name).as_of_us }}{%- endmacro %}

{#
  Did a moment pass between the `as_of` of this model's last build and that of this one (`now`), in either direction? What is known
  from that moment on, or until it, has to be told anew.
#}
{% macro has_passed(moment_us) -%}
{%- set last_us = last_build(model.name).as_of_us -%}
({{ as_of_has_moved() }} and {{ moment_us }} between least({{ last_us }}, now.as_of_us) and greatest({{ last_us }}, now.as_of_us))
{%- endmacro %}

{# A model that must stand before this one, though no line of its SQL names it; a unit test needs no rows of it. #}
{% macro is_built_after(name) -%}
{%- if not execute or model.resource_type == 'model' -%}-- depends_on: {{ ref(name) }}{%- endif -%}
{%- endmacro %}

{# The tickets or messages about which something landed, or was ranked anew, since this model was last built; surveys included. #}
{% macro landed_subjects(kind) -%}
{%- set key, last_run = touched_key(kind), last_build(model.name).run_no -%}
select {{ key }}
    from {{ ref('int_checked_' ~ kind ~ '_events') }}
    where run_no > {{ last_run }} and rejection_reason is null
    union
    select subject_id as {{ key }}
    from {{ ref('int_checked_survey_responses') }}
    where run_no > {{ last_run }} and rejection_reason is null and subject_type = '{{ kind }}'
{%- endmacro %}
