-- Friction of each step over the step attempts entered in the days before as_of that friction_cost looks at: the map of a journey.
{% set window_us = days_us(number_var('cost_window_days', 28)) -%}

with recent as (

    select step_attempts.*
    from {{ ref('fct_step_attempts') }} as step_attempts
    cross join {{ ref('as_of') }} as now
    where
        {{ epoch_us('step_attempts.first_entered_at') }} >= now.as_of_us - {{ window_us }}
        and {{ epoch_us('step_attempts.first_entered_at') }} < now.as_of_us

),

-- the attempts with a step in those days began in them, or before them: a step is entered first no earlier than its attempt begins
attempts_seen as (

    select attempts.journey_key
    from {{ ref('int_attempts') }} as attempts
    cross join {{ ref('as_of') }} as now
    where attempts.started_us >= now.as_of_us - {{ window_us }} and attempts.started_us < now.as_of_us
    union all
    select attempts.journey_key
    from {{ ref('int_attempts') }} as attempts
    inner join {{ ref('int_step_attempts') }} as step_attempts
        on
            attempts.person_key = step_attempts.person_key
            and attempts.journey_key = step_attempts.journey_key
            and attempts.attempt_seq = step_attempts.attempt_seq
    cross join {{ ref('as_of') }} as now
    where
        attempts.started_us < now.as_of_us - {{ window_us }}
        and attempts.ended_us >= now.as_of_us - {{ window_us }}
        and step_attempts.first_entered_us >= now.as_of_us - {{ window_us }}
        and step_attempts.first_entered_us < now.as_of_us
    group by attempts.person_key, attempts.journey_key, attempts.attempt_seq

),

journeys as (

    select
        steps.journey_id,
        count(*) as attempts
    from attempts_seen
    inner join {{ ref('int_journey_steps') }} as steps
        on attempts_seen.journey_key = steps.journey_key and steps.is_last_step
    group by steps.journey_id

),

counted as (

    select
        journey_id,
        step_id,
        {{ step_daily_figures() }},
        {{ percentile('seconds_to_complete', 0.5) }} as seconds_to_complete_p50
    from recent
    group by journey_id, step_id

)

select
    counted.*,
    {{ finished_rates('counted.entries') }},
    {{ rate('counted.entries', 'journeys.attempts') }} as share_of_attempts,
    {%- for metric_id, signal in {'error_rate': 'errors', 'retry_rate': 'retries', 'backtrack_rate': 'backtracks', 'rage_click_rate': 'rage_clicks', 'help_view_rate': 'help_views', 'repeated_edit_rate': 'repeated_edits', 'pause_rate': 'pauses'}.items() %}
    {{ rate('counted.' ~ signal, 'counted.entries') }} as {{ metric_id }},
    {%- endfor %}
    {{ rate('counted.pause_s', 'counted.entries') }} as pause_s_per_entry
from counted
inner join journeys
    on counted.journey_id = journeys.journey_id
