-- Support in one look: all tickets, by path, and by the timing of the handover. Times to resolution are read off the survival curves,
-- which count open tickets as open.
with tickets as (
{{ tickets_by_breakdown() }}

),

counted as (

    select
        breakdown,
        breakdown_value,
        cast(count(*) as bigint) as tickets,
        {{ count_where('is_resolved') }} as resolved,
        {{ count_where('not is_resolved') }} as open_tickets,
        {{ count_where('first_response_s is not null') }} as responded,
        {{ count_where('handed_over_at is not null') }} as escalated,
        {{ count_where('handover_wait_s is not null') }} as taken_over,
        {{ count_where("handover_timing = 'early'") }} as handovers_early,
        {{ count_where("handover_timing = 'late'") }} as handovers_late,
        {{ count_where("handover_timing = 'missed'") }} as handovers_missed,
        {{ count_where('reopens > 0') }} as reopened,
        {{ count_where('is_repeat_contact') }} as repeat_contacts,
        {{ count_where('is_repeat_contact is not null') }} as repeat_contacts_judged,
        {{ count_where('churned_30d') }} as churned_30d,
        {{ count_where('churned_30d is not null') }} as churned_30d_judged,
        {{ count_where('csat_score is not null') }} as csat_answers,
        coalesce({{ exact_sum('csat_score') }}, 0) as csat_sum,
        {{ count_where('support_cost is not null') }} as costed,
        coalesce({{ exact_sum('support_cost') }}, 0) as support_cost,
        {{ percentile('first_response_s', 0.5) }} as first_response_p50_s,
        {{ percentile('first_response_s', 0.9) }} as first_response_p90_s,
        {{ percentile('handover_wait_s', 0.5) }} as handover_wait_p50_s,
        {{ percentile('handover_wait_s', 0.9) }} as handover_wait_p90_s
    from tickets
    group by breakdown, breakdown_value

),

times as (

    select
        breakdown,
        breakdown_value,
        min(case when share_still_open <= 0.5 then bucket_end_s end) as resolution_p50_s,
        min(case when share_still_open <= 0.1 then bucket_end_s end) as resolution_p90_s
    from {{ ref('handover_survival') }}
    group by breakdown, breakdown_value

)

select
    counted.*,
    cast(times.resolution_p50_s as {{ type_double() }}) as resolution_p50_s,
    cast(times.resolution_p90_s as {{ type_double() }}) as resolution_p90_s,
    {{ rate('counted.responded', 'counted.tickets') }} as response_rate,
    {{ rate('counted.resolved', 'counted.tickets') }} as resolution_rate,
    {{ rate('counted.escalated', 'counted.tickets') }} as escalation_rate,
    {{ rate('counted.handovers_early', 'counted.tickets') }} as early_handover_rate,
    {{ rate('counted.handovers_missed', 'counted.tickets') }} as missed_handover_rate,
    {{ rate('counted.reopened', 'counted.tickets') }} as reopen_rate,
    {{ rate('counted.repeat_contacts', 'counted.repeat_contacts_judged') }} as repeat_contact_rate,
    {{ rate('counted.churned_30d', 'counted.churned_30d_judged') }} as churn_rate_30d,
    {{ rate('counted.csat_sum', 'counted.csat_answers') }} as csat,
    {{ rate('counted.support_cost', 'counted.costed') }} as cost_per_ticket
from counted
inner join times
    on counted.breakdown = times.breakdown and counted.breakdown_value = times.breakdown_value
