-- Everything that counts for a metric of an experiment, with its age: microseconds since the person's exposure, negative before.
{% for model in ['int_compared_persons', 'int_experiment_metrics', 'fct_journey_attempts', 'fct_step_attempts', 'fct_messages', 'fct_tickets', 'fct_survey_responses', 'fct_transactions', 'fct_sessions'] -%}
-- depends_on: {{ ref(model) }}
{% endfor -%}
{% for metric_id, metric in metrics_of_kind(['share', 'mean', 'ratio']).items() -%}
{{ metric_activity(metric_id, metric) }}
{{ 'union all' if not loop.last }}
{% else -%}
select null as experiment_id
{% endfor %}
