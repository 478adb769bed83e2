-- Which steps lost the most, and what was wrong there this month? The month is the calendar's up to as_of, in the reporting time zone; what
-- was lost (expected_value_lost, priority_rank) is over the `cost_window_days` before as_of.
with this_month as (

    select
        steps.journey_id,
        steps.step_id,
        sum(steps.entries) as entries,
        sum(steps.in_progress) as in_progress,
        sum(steps.abandonments) as abandonments,
        sum(steps.entries_with_error) as entries_with_error,
        sum(steps.retries) as retries,
        sum(steps.backtracks) as backtracks,
        sum(steps.rage_clicks) as rage_clicks,
        sum(steps.pause_s) as pause_s
    from {{ ref('friction_step_daily') }} as steps
    cross join {{ ref('as_of') }} as now
    where {{ dbt.date_trunc('month', 'steps.day') }} = {{ dbt.date_trunc('month', 'now.local_as_of') }}
    group by steps.journey_id, steps.step_id

)

select
    this_month.journey_id,
    this_month.step_id,
    this_month.entries,
    this_month.abandonments,
    {{ rate('this_month.abandonments', 'this_month.entries - this_month.in_progress') }} as abandonment_rate,
    {{ rate('this_month.entries_with_error', 'this_month.entries') }} as share_with_error,
    {{ rate('this_month.retries', 'this_month.entries') }} as retries_per_entry,
    {{ rate('this_month.backtracks', 'this_month.entries') }} as backtracks_per_entry,
    {{ rate('this_month.rage_clicks', 'this_month.entries') }} as rage_clicks_per_entry,
    {{ rate('this_month.pause_s', 'this_month.entries') }} as hesitation_s_per_entry,
    costs.expected_value_lost,
    costs.priority_rank
from this_month
inner join {{ ref('friction_cost') }} as costs
    on this_month.journey_id = costs.journey_id and this_month.step_id = costs.step_id
order by costs.priority_rank
