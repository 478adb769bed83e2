-- Completed attempts after which, within seven days, the person said they were unsure or opened a ticket: silent friction.
with troubles as (

    select
        person_key,
        occurred_us as happened_us
    from {{ ref('int_person_answers') }}
    where survey_type = 'confidence' and score <= 3
    union all
    select
        person_key,
        opened_us as happened_us
    from {{ ref('int_tickets') }}

)

select distinct
    attempts.person_key,
    attempts.journey_key,
    attempts.attempt_seq
from {{ ref('int_journey_attempts') }} as attempts
inner join troubles
    on
        attempts.person_key = troubles.person_key
        and troubles.happened_us >= attempts.completed_us
        and troubles.happened_us < attempts.completed_us + {{ days_us(7) }}
