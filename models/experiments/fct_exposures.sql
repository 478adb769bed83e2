-- One row per experiment and person who was exposed to it.
{{ mart_by('person') }}
select
    exposures.experiment_id,
    persons.person_id,
    exposures.variant_id,
    exposures.is_contaminated,
    {{ timestamp_from_us('exposures.exposed_us') }} as exposed_at
from {{ ref('int_exposures') }} as exposures
inner join {{ ref('int_persons') }} as persons
    on exposures.person_key = persons.person_key
where {{ is_touched('exposures.person_key') }}
