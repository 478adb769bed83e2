-- Completed attempts after which, within seven days, the person said they were unsure or opened a ticket: when first.
{{ built_by('person') }}
with troubles as (

    select
        person_key,
        occurred_us as happened_us,
        cast(null as bigint) as opened_us
    from {{ ref('int_person_answers') }}
    where survey_type = 'confidence' and score <= 3
    union all
    select
        person_key,
        opened_us as happened_us,
        opened_us
    from {{ ref('int_tickets') }}

)

select
    attempts.person_key,
    attempts.journey_key,
    attempts.attempt_seq,
    min(troubles.happened_us) as troubled_us,
    min(troubles.opened_us) as ticketed_us
from {{ ref('int_journey_attempts') }} as attempts
inner join troubles
    on
        attempts.person_key = troubles.person_key
        and troubles.happened_us >= attempts.completed_us
        and troubles.happened_us < attempts.completed_us + {{ days_us(7) }}
where {{ is_touched('attempts.person_key') }}
group by attempts.person_key, attempts.journey_key, attempts.attempt_seq
