-- Each person's values after the pseudo-exposure in the window of the verdict, by the same rules as those of an experiment. Sparse.
{% for model in ['int_baseline_persons', 'int_experiment_metrics', 'fct_journey_attempts', 'fct_step_attempts', 'fct_messages', 'fct_tickets', 'fct_survey_responses', 'fct_transactions', 'fct_sessions'] -%}
-- depends_on: {{ ref(model) }}
{% endfor -%}
with acts as (

    {{ person_acts('int_baseline_persons', []) }}

),

summed as (

    select
        windows.experiment_id,
        windows.metric_id,
        acts.person_key,
        windows.metric_window,
        windows.metric_kind,
        sum(acts.y) as y,
        sum(acts.d) as d
    from acts
    inner join {{ ref('int_metric_windows') }} as windows
        on acts.metric_key = windows.metric_key and windows.window_no between acts.first_window and acts.last_window
    inner join {{ ref('cfg_experiments') }} as experiments
        on
            windows.experiment_id = experiments.experiment_id
            and windows.metric_window = {{ decision_window('experiments.decision_window_days') }}
    where not acts.is_before
    group by windows.experiment_id, windows.metric_id, acts.person_key, windows.metric_window, windows.metric_kind

)

select
    experiment_id,
    metric_id,
    person_key,
    metric_window,
    cast(case when metric_kind <> 'share' then y when y > 0 then 1 else 0 end as bigint) as y,
    cast(d as bigint) as d
from summed
where y <> 0 or d <> 0
