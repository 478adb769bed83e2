-- The cases of the time metrics after the pseudo-exposure, by the same rules as those of an experiment.
{% for model in ['int_baseline_persons', 'int_experiment_metrics', 'fct_journey_attempts', 'fct_messages', 'fct_tickets'] -%}
-- depends_on: {{ ref(model) }}
{% endfor -%}
{{ time_cases('int_baseline_persons') }}
