-- What each step of the seed costs: attempts given up there in the days before as_of, times how often those who get past it
-- finish, times what finishing is worth.
{% set window_us = days_us(number_var('cost_window_days', 28)) -%}

with journey_rates as (

    select
        journey_key,
        {{ rate(count_where("outcome = 'completed'"), count_where("outcome <> 'in_progress'")) }} as completion_rate
    from {{ ref('int_journey_attempts') }}
    group by journey_key

),

counted as (

    select
        step_attempts.journey_id,
        step_attempts.step_order,
        count(*) as entries,
        {{ count_where('step_attempts.is_abandoned') }} as abandonments,
        {{ count_where("step_attempts.is_completed and step_attempts.attempt_outcome = 'completed'") }} as completed_after_step,
        {{ count_where("step_attempts.is_completed and step_attempts.attempt_outcome <> 'in_progress'") }} as finished_after_step
    from {{ ref('fct_step_attempts') }} as step_attempts
    cross join {{ ref('as_of') }} as now
    where
        {{ epoch_us('step_attempts.first_entered_at') }} >= now.as_of_us - {{ window_us }}
        and {{ epoch_us('step_attempts.first_entered_at') }} < now.as_of_us
    group by step_attempts.journey_id, step_attempts.step_order

),

costed as (

    select
        steps.journey_id,
        steps.step_id,
        steps.step_order,
        journeys.intent,
        journeys.currency,
        journeys.value_per_completion,
        coalesce(counted.entries, 0) as entries,
        coalesce(counted.abandonments, 0) as abandonments,
        case when counted.finished_after_step > 0 then 'step' else 'journey' end as rate_source,
        coalesce({{ rate('counted.completed_after_step', 'counted.finished_after_step') }}, journey_rates.completion_rate) as completion_rate_after_step
    from {{ ref('int_journey_steps') }} as steps
    inner join {{ ref('cfg_journeys') }} as journeys
        on steps.journey_id = journeys.journey_id
    left join counted
        on steps.journey_id = counted.journey_id and steps.step_order = counted.step_order
    left join journey_rates
        on steps.journey_key = journey_rates.journey_key

),

valued as (

    select
        *,
        abandonments * completion_rate_after_step * value_per_completion as expected_value_lost
    from costed

)

select
    journey_id,
    step_id,
    rate_source,
    currency,
    step_order,
    cast(entries as bigint) as entries,
    cast(abandonments as bigint) as abandonments,
    cast(row_number() over (
        order by
            case when intent = 'high' then 0 else 1 end,
            case when expected_value_lost is null then 1 else 0 end,
            expected_value_lost desc,
            {{ by_bytes('journey_id') }},
            step_order
    ) as bigint) as priority_rank,
    completion_rate_after_step,
    value_per_completion,
    expected_value_lost
from valued
