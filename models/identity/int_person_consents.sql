-- Accepted consents by person key.
{{ built_by('person') }}
select
    keys.person_key,
    consents.consent_id,
    consents.purpose,
    consents.is_granted,
    consents.occurred_at,
    {{ epoch_us('consents.occurred_at') }} as occurred_us
from {{ ref('stg_consents') }} as consents
inner join {{ ref('int_person_keys') }} as keys
    on {{ identity_of('consents') }} = keys.identity
where {{ is_touched('keys.person_key') }}
