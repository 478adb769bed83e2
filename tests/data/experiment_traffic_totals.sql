-- The traffic of an experiment is its exposures, and its statistics are of those who are not contaminated.
with exposures as (

    select
        experiment_id,
        variant_id,
        count(*) as exposed,
        sum(case when is_contaminated then 1 else 0 end) as contaminated
    from {{ ref('fct_exposures') }}
    group by experiment_id, variant_id

),

compared as (

    select distinct
        experiment_id,
        variant_id,
        persons
    from {{ ref('experiment_metric_stats') }}
    where metric_window = 'all' and segment = 'all'

)

select
    traffic.experiment_id,
    traffic.variant_id,
    traffic.exposed,
    traffic.contaminated,
    exposures.exposed as exposed_found,
    compared.persons
from {{ ref('experiment_traffic') }} as traffic
left join exposures
    on traffic.experiment_id = exposures.experiment_id and traffic.variant_id = exposures.variant_id
left join compared
    on traffic.experiment_id = compared.experiment_id and traffic.variant_id = compared.variant_id
where
    traffic.exposed <> coalesce(exposures.exposed, 0)
    or traffic.contaminated <> coalesce(exposures.contaminated, 0)
    or compared.persons <> traffic.exposed - traffic.contaminated
