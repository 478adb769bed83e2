-- Step attempts with what became of them and when: what experiments count.
select
    step_attempts.person_key,
    step_attempts.journey_key,
    step_attempts.step_order,
    attempts.outcome = 'abandoned' and attempts.last_step_order = step_attempts.step_order as is_abandoned,
    attempts.ended_us as attempt_ended_us,
    coalesce(step_attempts.completed_us, case when attempts.outcome <> 'in_progress' then attempts.ended_us end) as finished_us,
    coalesce(step_attempts.completed_us, attempts.known_us) as known_us,
    attempts.known_us as attempt_known_us
from {{ ref('int_step_attempts') }} as step_attempts
inner join {{ ref('int_journey_attempts') }} as attempts
    on
        step_attempts.person_key = attempts.person_key
        and step_attempts.journey_key = attempts.journey_key
        and step_attempts.attempt_seq = attempts.attempt_seq
