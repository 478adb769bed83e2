-- What follows a handover that came early, on time, late or never? Compared, not caused: harder cases may well be handed over
-- later, so this is where to look for an experiment, not its result. Open tickets stay in as not yet resolved.
select
    handover_timing,
    count(*) as tickets,
    {{ rate(count_where('is_resolved'), 'count(*)') }} as share_resolved_so_far,
    {{ percentile('observed_s', 0.5) }} / 3600 as observed_h_median,
    {{ percentile('handover_wait_s', 0.5) }} / 60 as wait_for_human_min_median,
    avg(csat_score) as csat,
    count(csat_score) as csat_answers,
    {{ rate(count_where('is_repeat_contact'), count_where('is_repeat_contact is not null')) }} as repeat_contact_rate,
    {{ rate(count_where('churned_30d'), count_where('churned_30d is not null')) }} as churn_rate_30d,
    {{ rate(count_where('refunded_30d'), count_where('refunded_30d is not null')) }} as refund_rate_30d,
    avg(agent_messages) as agent_messages,
    avg(support_cost) as support_cost
from {{ ref('fct_tickets') }}
where handover_timing is not null
group by handover_timing
order by handover_timing
