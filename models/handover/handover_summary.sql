-- Support in one look: all tickets, by path, and by the timing of the handover. Times are read off survival curves, in which a ticket
-- that still waits at as_of counts as waiting.
{% set times = {
    'first_response': ('opened_at', 'first_response_at'),
    'handover_wait': ('handed_over_at', 'taken_over_at'),
    'resolution': ('opened_at', 'resolved_at'),
} -%}
{% set quantiles = {'p50': 0.5, 'p90': 0.9} -%}

with tickets as (
{{ tickets_by_breakdown(ref('fct_tickets')) }}

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
        coalesce({{ exact_sum('support_cost') }}, 0) as support_cost
    from tickets
    group by breakdown, breakdown_value

),

waits as (

    {% for waited_for, (start, event) in times.items() -%}
    {% set bucket = bucket_start_s(elapsed_us(epoch_us(start), 'coalesce(' ~ epoch_us(event) ~ ', now.as_of_us)'), fine_widths()) -%}
    select
        '{{ waited_for }}' as waited_for,
        path,
        handover_timing,
        {{ bucket }} as bucket_start_s,
        {{ count_where(event ~ ' is not null') }} as events,
        cast(count(*) as bigint) as cases
    from {{ ref('fct_tickets') }}
    cross join {{ ref('as_of') }} as now
    where {{ start }} is not null
    group by path, handover_timing, {{ bucket }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

bucketed as (

    select
        breakdown,
        breakdown_value,
        waited_for,
        bucket_start_s,
        {{ sum_integer('events') }} as events,
        {{ sum_integer('cases') }} as cases
    from ({{ tickets_by_breakdown('waits') }}
    ) as counts
    group by breakdown, breakdown_value, waited_for, bucket_start_s

),

curves as (

{{ waiting_curves('bucketed', ['breakdown', 'breakdown_value', 'waited_for']) }}

),

quantiles as (

    select
        breakdown,
        breakdown_value,
        waited_for,
        {% for name, share in quantiles.items() -%}
        {{ waiting_quantile(share, bucket_end_s('bucket_start_s', fine_widths())) }} as {{ name }}_s{{ ',' if not loop.last }}
        {% endfor %}
    from curves
    group by breakdown, breakdown_value, waited_for

),

times as (

    select
        breakdown,
        breakdown_value,
        {% for waited_for in times -%}
        {% set outer = loop -%}
        {% for name in quantiles -%}
        max(case when waited_for = '{{ waited_for }}' then {{ name }}_s end) as {{ waited_for }}_{{ name }}_s{{ ',' if not (loop.last and outer.last) }}
        {% endfor -%}
        {% endfor %}
    from quantiles
    group by breakdown, breakdown_value

)

select
    counted.*,
    {% for waited_for in times -%}
    {% for name in quantiles -%}
    cast(times.{{ waited_for }}_{{ name }}_s as {{ type_double() }}) as {{ waited_for }}_{{ name }}_s,
    {% endfor -%}
    {% endfor -%}
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
