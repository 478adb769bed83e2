-- friction_step_daily, cut by each carried key of the events' properties in turn.
with dated as (

    select
        *,
        {{ local_day(epoch_us('first_entered_at'), var('reporting_timezone', 'UTC')) }} as day
    from (

        {{ by_dimension(ref('fct_step_attempts')) }}

    ) as carried

),

counted as (

    select
        day,
        journey_id,
        step_id,
        dimension_name,
        dimension_value,
        {{ step_daily_figures() }}
    from dated
    group by day, journey_id, step_id, dimension_name, dimension_value

)

select
    *,
    {{ finished_rates('entries') }}
from counted
