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

windowed as (

    select
        step_attempts.journey_key,
        step_attempts.step_order,
        step_attempts.completed_us is not null as is_completed,
        attempts.outcome,
        attempts.outcome = 'abandoned' and attempts.last_step_order = step_attempts.step_order as is_abandoned
    from {{ ref('int_step_attempts') }} as step_attempts
    inner join {{ ref('int_journey_attempts') }} as attempts
        on
            step_attempts.person_key = attempts.person_key
            and step_attempts.journey_key = attempts.journey_key
            and step_attempts.attempt_seq = attempts.attempt_seq
    cross join {{ ref('as_of') }} as now
    where
        step_attempts.first_entered_us >= now.as_of_us - {{ window_us }}
        and step_attempts.first_entered_us < now.as_of_us

),

counted as (

    select
        journey_key,
        step_order,
        count(*) as entries,
        {{ count_where('is_abandoned') }} as abandonments,
        {{ count_where("is_completed and outcome = 'completed'") }} as completed_after_step,
        {{ count_where("is_completed and outcome <> 'in_progress'") }} as finished_after_step
    from windowed
    group by journey_key, step_order

),

costed as (

    select
        steps.journey_id,
        steps.step_id,
        steps.step_order,
        journeys.intent,
        journeys.value_per_completion,
        coalesce(counted.entries, 0) as entries,
        coalesce(counted.abandonments, 0) as abandonments,
        case when counted.finished_after_step > 0 then 'step' else 'journey' end as rate_source,
        coalesce({{ rate('counted.completed_after_step', 'counted.finished_after_step') }}, journey_rates.completion_rate) as completion_rate_after_step
    from {{ ref('int_journey_steps') }} as steps
    inner join {{ ref('cfg_journeys') }} as journeys
        on steps.journey_id = journeys.journey_id
    left join counted
        on steps.journey_key = counted.journey_key and steps.step_order = counted.step_order
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
