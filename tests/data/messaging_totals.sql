-- The daily mart holds every delivered message once.
select
    facts.delivered,
    daily.delivered as delivered_daily,
    facts.converted,
    daily.converted as converted_daily
from (
    select
        count(delivered_at) as delivered,
        count(converted_at) as converted
    from {{ ref('fct_messages') }}
) as facts
cross join (
    select
        coalesce(sum(delivered), 0) as delivered,
        coalesce(sum(converted), 0) as converted
    from {{ ref('messaging_campaign_daily') }}
) as daily
where facts.delivered <> daily.delivered or facts.converted <> daily.converted
