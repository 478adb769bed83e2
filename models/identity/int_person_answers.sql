-- Accepted survey answers by person key.
{{ built_by('person') }}
select
    keys.person_key,
    responses.response_id,
    responses.survey_type,
    responses.subject_type,
    responses.subject_id,
    responses.score,
    {{ epoch_us('responses.occurred_at') }} as occurred_us
from {{ ref('stg_survey_responses') }} as responses
inner join {{ ref('int_person_keys') }} as keys
    on {{ identity_of('responses') }} = keys.identity
where {{ is_touched('keys.person_key') }}
