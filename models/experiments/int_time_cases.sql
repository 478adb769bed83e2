-- The cases of the time metrics, of compared persons after their exposure: when each began, and when what was waited for came.
{{ built_by('act') }}
{% for model in ['int_compared_persons', 'int_experiment_metrics', 'fct_journey_attempts', 'fct_messages', 'fct_tickets'] -%}
-- depends_on: {{ ref(model) }}
{% endfor -%}
{{ time_cases('int_compared_persons', ['variant_id'], is_touched('persons.person_key', 'act')) }}
