-- The persons that comparisons are made of: exposed to a declared variant, and to no other; with consent, where that is required.
{{ built_by('person') }}
select
    exposures.experiment_id,
    exposures.variant_id,
    variants.variant_key,
    exposures.person_key,
    persons.person_id,
    exposures.exposed_us,
    experiments.covariate_window_days * {{ days_us(1) }} as covariate_us,
    experiments.journey_id
from {{ ref('int_exposures') }} as exposures
inner join {{ ref('int_experiment_variants') }} as variants
    on exposures.experiment_id = variants.experiment_id and exposures.variant_id = variants.variant_id
inner join {{ ref('cfg_experiments') }} as experiments
    on exposures.experiment_id = experiments.experiment_id
inner join {{ ref('int_persons') }} as persons
    on exposures.person_key = persons.person_key
where not exposures.is_contaminated and exposures.has_consent and {{ is_touched('exposures.person_key') }}
