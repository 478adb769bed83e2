-- Who was exposed to what, beside what was declared: the material of the sample-ratio check.
with exposed as (

    select
        experiment_id,
        variant_id,
        count(*) as exposed,
        {{ count_where('is_contaminated') }} as contaminated,
        {{ count_where('not is_contaminated and not has_consent') }} as without_consent,
        min(exposed_us) as first_exposed_us,
        max(exposed_us) as last_exposed_us
    from {{ ref('int_exposures') }}
    group by experiment_id, variant_id

),

variants as (

    select experiment_id, variant_id from exposed
    union
    select experiment_id, variant_id from {{ ref('cfg_experiment_variants') }}

)

select
    variants.experiment_id,
    variants.variant_id,
    cast(coalesce(exposed.exposed, 0) as bigint) as exposed,
    cast(coalesce(exposed.contaminated, 0) as bigint) as contaminated,
    cast(coalesce(exposed.without_consent, 0) as bigint) as without_consent,
    declared.expected_share,
    {{ timestamp_from_us('exposed.first_exposed_us') }} as first_exposed_at,
    {{ timestamp_from_us('exposed.last_exposed_us') }} as last_exposed_at
from variants
left join exposed
    on variants.experiment_id = exposed.experiment_id and variants.variant_id = exposed.variant_id
left join {{ ref('cfg_experiment_variants') }} as declared
    on variants.experiment_id = declared.experiment_id and variants.variant_id = declared.variant_id
