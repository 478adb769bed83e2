-- Everything that counts for a metric of an experiment that nobody has entered yet, with its age since the pseudo-exposure.
{% for model in ['int_baseline_persons', 'int_experiment_metrics', 'fct_journey_attempts', 'fct_step_attempts', 'fct_messages', 'fct_tickets', 'fct_survey_responses', 'fct_transactions', 'fct_sessions'] -%}
-- depends_on: {{ ref(model) }}
{% endfor -%}
{% for metric_id, metric in metrics_of_kind(['share', 'mean', 'ratio']).items() -%}
{{ metric_activity(metric_id, metric, 'int_baseline_persons') }}
{{ 'union all' if not loop.last }}
{% else -%}
select null as experiment_id
{% endfor %}
