-- The daily mart of journeys holds every attempt once, and so do the step attempts.
select
    facts.attempts,
    daily.attempts as attempts_found,
    stepped.attempts as attempts_stepped
from (select count(*) as attempts from {{ ref('fct_journey_attempts') }}) as facts
cross join (select coalesce(sum(attempts), 0) as attempts from {{ ref('friction_journey_daily') }}) as daily
cross join (select count(distinct attempt_id) as attempts from {{ ref('fct_step_attempts') }}) as stepped
where facts.attempts <> daily.attempts or facts.attempts <> stepped.attempts
