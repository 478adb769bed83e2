-- What ideas may want to change, with what was measured there in the `cost_window_days` before as_of: how much of it there is, how
-- bad it is (a share), and what a relative improvement would be an improvement of (money in the reporting currency).
{% set window_us = days_us(number_var('cost_window_days', 28)) -%}
{% set currency = literal(var('reporting_currency', 'EUR')) -%}

with steps as (

    select
        costs.journey_id,
        costs.step_id,
        costs.entries,
        summary.abandonment_rate,
        case when costs.currency = {{ currency }} then costs.expected_value_lost end as expected_value_lost
    from {{ ref('friction_cost') }} as costs
    left join {{ ref('friction_step_summary') }} as summary
        on costs.journey_id = summary.journey_id and costs.step_id = summary.step_id

),

messages as (

    select
        messages.campaign_id,
        count(*) as delivered,
        {{ count_where('messages.converted_at is not null') }} as converted
    from {{ ref('fct_messages') }} as messages
    cross join {{ ref('as_of') }} as now
    where {{ epoch_us('messages.delivered_at') }} >= now.as_of_us - {{ window_us }} and {{ epoch_us('messages.delivered_at') }} < now.as_of_us
    group by messages.campaign_id

),

tickets as (

    select
        tickets.channel,
        count(*) as tickets,
        {{ count_where("tickets.handover_timing in ('late', 'missed') or tickets.reopens > 0 or tickets.is_repeat_contact") }} as troubled,
        {{ exact_sum('tickets.support_cost') }} as support_cost
    from {{ ref('fct_tickets') }} as tickets
    cross join {{ ref('as_of') }} as now
    where {{ epoch_us('tickets.opened_at') }} >= now.as_of_us - {{ window_us }} and {{ epoch_us('tickets.opened_at') }} < now.as_of_us
    group by tickets.channel

)

select
    'step' as measured_at,
    journey_id || '/' || step_id as target,
    entries as volume,
    abandonment_rate as severity,
    expected_value_lost as value_at_stake
from steps
union all
select
    'journey' as measured_at,
    summary.journey_id as target,
    summary.attempts as volume,
    summary.abandonment_rate as severity,
    lost.value_at_stake
from {{ ref('friction_journey_summary') }} as summary
inner join (select journey_id, {{ exact_sum('expected_value_lost') }} as value_at_stake from steps group by journey_id) as lost
    on summary.journey_id = lost.journey_id
union all
select
    'campaign' as measured_at,
    campaigns.campaign_id as target,
    messages.delivered as volume,
    -- nothing can convert where there is nothing to convert to
    case when campaigns.target_journey_id is not null then 1 - {{ rate('messages.converted', 'messages.delivered') }} end as severity,
    case when journeys.currency = {{ currency }} then messages.converted * journeys.value_per_completion end as value_at_stake
from {{ ref('cfg_campaigns') }} as campaigns
inner join messages
    on campaigns.campaign_id = messages.campaign_id
left join {{ ref('cfg_journeys') }} as journeys
    on campaigns.target_journey_id = journeys.journey_id
union all
select
    'channel' as measured_at,
    costs.channel as target,
    tickets.tickets as volume,
    {{ rate('tickets.troubled', 'tickets.tickets') }} as severity,
    tickets.support_cost as value_at_stake
from {{ ref('cfg_support_costs') }} as costs
inner join tickets
    on costs.channel = tickets.channel
