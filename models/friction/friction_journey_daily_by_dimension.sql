-- friction_journey_daily, cut by each carried key of the events' properties in turn.
with dated as (

    select
        *,
        {{ local_day(epoch_us('started_at'), var('reporting_timezone', 'UTC')) }} as day
    from (

        {{ by_dimension(ref('fct_journey_attempts')) }}

    ) as carried

),

counted as (

    select
        day,
        journey_id,
        dimension_name,
        dimension_value,
        {{ journey_daily_figures() }}
    from dated
    group by day, journey_id, dimension_name, dimension_value

)

select
    *,
    {{ finished_rates('attempts') }}
from counted
