-- experiment_traffic as it stood at the end of each day: the material of the sample-ratio check that may be looked at daily.
with exposed as (

    select
        exposures.experiment_id,
        exposures.variant_id,
        {{ local_day('least(exposures.exposed_us, now.as_of_us)', var('reporting_timezone', 'UTC')) }} as day,
        count(*) as exposed
    from {{ ref('int_exposures') }} as exposures
    cross join {{ ref('as_of') }} as now
    group by
        exposures.experiment_id,
        exposures.variant_id,
        {{ local_day('least(exposures.exposed_us, now.as_of_us)', var('reporting_timezone', 'UTC')) }}

),

variants as (

    select experiment_id, variant_id from exposed
    union
    select experiment_id, variant_id from {{ ref('cfg_experiment_variants') }}

)

select
    variants.experiment_id,
    variants.variant_id,
    days.day,
    cast(coalesce(exposed.exposed, 0) as bigint) as newly_exposed,
    cast(sum(coalesce(exposed.exposed, 0)) over (
        partition by variants.experiment_id, variants.variant_id order by days.day rows between unbounded preceding and current row
    ) as bigint) as exposed
from variants
inner join {{ ref('int_experiment_days') }} as days
    on variants.experiment_id = days.experiment_id
left join exposed
    on
        variants.experiment_id = exposed.experiment_id
        and variants.variant_id = exposed.variant_id
        and days.day = exposed.day
