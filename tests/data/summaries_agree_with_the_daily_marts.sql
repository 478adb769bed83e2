-- The summaries hold every ticket and every delivered message once in each breakdown, and count what the daily marts count.
with daily as (

    select
        'handover' as part,
        coalesce(sum(tickets), 0) as units,
        coalesce(sum(resolved), 0) as ended
    from {{ ref('handover_daily') }}
    union all
    select
        'messaging' as part,
        coalesce(sum(delivered), 0) as units,
        coalesce(sum(engaged), 0) as ended
    from {{ ref('messaging_campaign_daily') }}

),

summed as (

    select
        'handover' as part,
        breakdown,
        sum(tickets) as units,
        sum(resolved) as ended
    from {{ ref('handover_summary') }}
    where breakdown in ('all', 'path')
    group by breakdown
    union all
    select
        'messaging' as part,
        breakdown,
        sum(delivered) as units,
        sum(engaged) as ended
    from {{ ref('messaging_summary') }}
    group by breakdown

)

select
    summed.part,
    summed.breakdown,
    summed.units,
    daily.units as units_daily,
    summed.ended,
    daily.ended as ended_daily
from summed
inner join daily
    on summed.part = daily.part
where summed.units <> daily.units or summed.ended <> daily.ended
