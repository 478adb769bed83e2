-- Friction of each step by the day on which it was first entered.
with dated as (

    select
        *,
        {{ local_day(epoch_us('first_entered_at'), var('reporting_timezone', 'UTC')) }} as day
    from {{ ref('fct_step_attempts') }}

),

counted as (

    select
        day,
        journey_id,
        step_id,
        {{ step_daily_figures() }}
    from dated
    group by day, journey_id, step_id

)

select
    *,
    {{ finished_rates('entries') }}
from counted
