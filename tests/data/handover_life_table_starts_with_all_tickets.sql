-- Everybody is at risk at first: at_risk of the first bucket is the number of tickets, and each later one is what those before left.
with lives as (

    select
        channel,
        path,
        bucket_start_s,
        at_risk,
        sum(resolved + censored) over (
            partition by channel, path order by bucket_start_s desc rows between unbounded preceding and current row
        ) as leaving_from_here
    from {{ ref('handover_life_table') }}

),

first_buckets as (

    select
        channel,
        path,
        max(at_risk) as at_risk
    from lives
    group by channel, path

),

tickets as (

    select
        coalesce(channel, '(not set)') as channel,
        path,
        count(*) as tickets
    from {{ ref('fct_tickets') }}
    group by coalesce(channel, '(not set)'), path

)

select
    tickets.channel,
    tickets.path,
    tickets.tickets as expected,
    first_buckets.at_risk as found
from tickets
left join first_buckets
    on tickets.channel = first_buckets.channel and tickets.path = first_buckets.path
where first_buckets.at_risk is null or first_buckets.at_risk <> tickets.tickets
union all
select
    channel,
    path,
    leaving_from_here as expected,
    at_risk as found
from lives
where at_risk <> leaving_from_here
