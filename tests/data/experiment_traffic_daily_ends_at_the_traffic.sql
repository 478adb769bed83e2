-- The last day of the daily traffic is the traffic.
with days as (

    select
        experiment_id,
        max(day) as last_day
    from {{ ref('experiment_traffic_daily') }}
    group by experiment_id

)

select
    traffic.experiment_id,
    traffic.variant_id,
    traffic.exposed,
    daily.exposed as exposed_on_the_last_day
from {{ ref('experiment_traffic') }} as traffic
inner join days
    on traffic.experiment_id = days.experiment_id
left join {{ ref('experiment_traffic_daily') }} as daily
    on
        traffic.experiment_id = daily.experiment_id
        and traffic.variant_id = daily.variant_id
        and days.last_day = daily.day
where daily.exposed is null or daily.exposed <> traffic.exposed
