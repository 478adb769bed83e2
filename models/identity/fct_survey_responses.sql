-- Accepted survey answers, by person.
{{ mart_by('person') }}
select
    responses.response_id,
    persons.person_id,
    responses.survey_type,
    responses.answer,
    responses.subject_type,
    responses.subject_id,
    responses.score,
    responses.occurred_at,
    responses.received_at
from {{ ref('stg_survey_responses') }} as responses
inner join {{ ref('int_person_keys') }} as keys
    on {{ identity_of('responses') }} = keys.identity
inner join {{ ref('int_persons') }} as persons
    on keys.person_key = persons.person_key
where {{ is_touched('keys.person_key') }}
