{#
  With `require_analytics_consent`: the rows of `persons` (experiment_id, person_key, exposed_us) whose newest `analytics` consent before the
  exposure is a grant. What a person does about it later changes no comparison: it may be an effect of what they saw.
#}
{% macro consenting(persons) -%}
select
    experiment_id,
    person_key
from (
    select
        entered.experiment_id,
        entered.person_key,
        consents.is_granted,
        row_number() over (
            partition by entered.experiment_id, entered.person_key
            order by consents.occurred_us desc, {{ by_bytes('consents.consent_id') }} desc
        ) as consent_number
    from {{ persons }} as entered
    inner join {{ ref('int_person_consents') }} as consents
        on entered.person_key = consents.person_key and consents.occurred_us < entered.exposed_us
    where consents.purpose = 'analytics'
) as consents_before
where consent_number = 1 and is_granted
{%- endmacro %}
