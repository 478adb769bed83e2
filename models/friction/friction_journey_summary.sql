-- Friction of each journey over the attempts started in the days before as_of that friction_cost looks at.
with recent as (

    select attempts.*
    from {{ ref('fct_journey_attempts') }} as attempts
    cross join {{ ref('as_of') }} as now
    where
        {{ epoch_us('attempts.started_at') }} >= now.as_of_us - {{ days_us(number_var('cost_window_days', 28)) }}
        and {{ epoch_us('attempts.started_at') }} < now.as_of_us

),

counted as (

    select
        journey_id,
        {{ journey_daily_figures() }},
        coalesce({{ exact_sum("case when outcome = 'completed' then duration_s end") }}, 0) as completed_duration_s,
        {{ percentile("case when outcome = 'completed' then duration_s end", 0.5) }} as completion_time_p50_s,
        {{ percentile("case when outcome = 'completed' then duration_s end", 0.9) }} as completion_time_p90_s,
        {{ count_where('seconds_to_first_action is not null') }} as attempts_with_action,
        coalesce({{ exact_sum('seconds_to_first_action') }}, 0) as seconds_to_first_action
    from recent
    group by journey_id

)

select
    *,
    {{ finished_rates('attempts') }},
    {{ rate('completed_duration_s', 'completions') }} as completion_time,
    {{ rate('seconds_to_first_action', 'attempts_with_action') }} as time_to_first_action,
    {{ rate('silent_frictions', 'completions_judged') }} as silent_friction_rate,
    {{ rate('failures_at_required_step', 'attempts - in_progress') }} as required_step_failure_rate
from counted
