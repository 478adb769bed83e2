-- Friction of each journey by the day on which its attempts started.
with dated as (

    select
        *,
        {{ local_day(epoch_us('started_at'), var('reporting_timezone', 'UTC')) }} as day
    from {{ ref('fct_journey_attempts') }}

),

counted as (

    select
        day,
        journey_id,
        {{ journey_daily_figures() }}
    from dated
    group by day, journey_id

)

select
    *,
    {{ finished_rates('attempts') }}
from counted
