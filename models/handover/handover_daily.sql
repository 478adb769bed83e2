-- Tickets by the day on which they were opened, with the counts and sums behind every support figure. A sum stands beside the
-- count of tickets that have the figure; what is still open is counted as open, not left out.
{% set durations = ['first_response', 'first_human_response', 'handover_wait', 'first_resolution', 'resolution', 'first_response_business', 'first_human_response_business', 'first_resolution_business', 'resolution_business'] -%}

with dated as (

    select
        *,
        {{ local_day(epoch_us('opened_at'), var('reporting_timezone', 'UTC')) }} as day
    from {{ ref('fct_tickets') }}

)

select
    day,
    coalesce(channel, '(not set)') as channel,
    path,
    cast(count(*) as bigint) as tickets,
    {{ count_where('is_resolved') }} as resolved,
    {{ count_where('not is_resolved') }} as open_tickets,
    {{ count_where('first_response_s is not null') }} as responded,
    {{ count_where('first_human_response_s is not null') }} as human_responded,
    {{ count_where('handed_over_at is not null') }} as escalated,
    {{ count_where('handover_wait_s is not null') }} as taken_over,
    {{ count_where('handover_offered_at is not null') }} as handovers_offered,
    {{ count_where('handover_requested_at is not null') }} as handovers_requested,
    {% for timing in ['requested', 'early', 'on_time', 'late', 'missed'] -%}
    {{ count_where("handover_timing = '" ~ timing ~ "'") }} as handovers_{{ 'on_request' if timing == 'requested' else timing }},
    {% endfor -%}
    {{ count_where('first_resolved_at is not null') }} as ever_resolved,
    {{ count_where('reopens > 0') }} as reopened,
    {{ sum_integer('reopens') }} as reopens,
    {{ count_where('is_repeat_contact') }} as repeat_contacts,
    {{ count_where('is_repeat_contact is not null') }} as repeat_contacts_judged,
    {{ count_where('churned_30d') }} as churned_30d,
    {{ count_where('churned_30d is not null') }} as churned_30d_judged,
    {{ count_where('refunded_30d') }} as refunded_30d,
    {{ count_where('refunded_30d is not null') }} as refunded_30d_judged,
    {{ sum_integer('failed_bot_turns') }} as failed_bot_turns,
    {{ sum_integer('agent_messages') }} as agent_messages,
    {{ count_where('csat_score is not null') }} as csat_answers,
    {{ exact_sum('csat_score') }} as csat_sum,
    {{ count_where('support_cost is not null') }} as costed,
    {{ exact_sum('support_cost') }} as support_cost,
    {% for duration in durations -%}
    {{ exact_sum(duration ~ '_s') }} as {{ duration }}_sum_s,
    {{ percentile(duration ~ '_s', 0.5) }} as {{ duration }}_p50_s,
    {{ percentile(duration ~ '_s', 0.9) }} as {{ duration }}_p90_s
    {{- ',\n    ' if not loop.last }}
    {%- endfor %}
from dated
group by day, coalesce(channel, '(not set)'), path
