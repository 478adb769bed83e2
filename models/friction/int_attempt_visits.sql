-- Visits in attempts. Which visit opens an attempt is decided by the person's visits of the journey alone, so that attempts
-- are known by their first visit and no attempt changes with the number of those before it. Where a visit stands in the order of the journey's
-- hangs on those before it: an increment looks at all of a person's, and keeps those that it builds anew.
{{ built_from_event('attempt_seq') }}
with preceded as (

    select
        *,
        lag(ended_us) over (partition by person_key, journey_key order by entry_seq) as previous_ended_us,
        lag(step_order) over (partition by person_key, journey_key order by entry_seq) as previous_step_order,
        lag(is_last_step) over (partition by person_key, journey_key order by entry_seq) as is_previous_last_step,
        -- the journey's previous visit of a step that is not the last
        max(case when not is_last_step then entry_seq end) over (
            partition by person_key, journey_key order by entry_seq rows between unbounded preceding and 1 preceding
        ) as other_seq,
        -- the latest completion among the earlier visits of the last step; it may lie after this entry
        max(case when is_last_step then completion_seq end) over (
            partition by person_key, journey_key order by entry_seq rows between unbounded preceding and 1 preceding
        ) as last_done_seq
    from {{ ref('int_visits') }}
    where {{ is_touched('person_key', 'event') }}

),

-- the completion before that one: those of one step follow each other, so only the latest can lie after an entry
preceded_twice as (

    select
        *,
        max(case when is_last_step then last_done_seq end) over (
            partition by person_key, journey_key order by entry_seq rows between unbounded preceding and 1 preceding
        ) as done_before_seq
    from preceded

),

opening as (

    select
        *,
        previous_ended_us is null
        or entered_us - previous_ended_us > timeout_us
        or (
            not is_last_step
            and coalesce(
                case when last_done_seq <= entry_seq then last_done_seq else done_before_seq end, 0
            ) > coalesce(other_seq, 0)
        ) as is_opening
    from preceded_twice

),

-- the thank-you page opened again: it would open an attempt right after a completed one, and belongs to none
reloading as (

    select
        *,
        is_opening and completes_on_entry and coalesce(is_previous_last_step, false) as is_reload
    from opening

),

numbered as (

    select
        *,
        max(case when is_opening then entry_seq end) over (
            partition by person_key, journey_key order by entry_seq rows between unbounded preceding and current row
        ) as attempt_seq,
        max(case when is_reload then entry_seq end) over (
            partition by person_key, journey_key order by entry_seq rows between unbounded preceding and current row
        ) as reload_seq,
        coalesce(lead(is_opening) over (partition by person_key, journey_key order by entry_seq), true) as is_last_visit,
        lead(step_order) over (partition by person_key, journey_key order by entry_seq) as next_step_order,
        lead(entered_us) over (partition by person_key, journey_key order by entry_seq) as next_entered_us
    from reloading

)

select
    numbered.person_key,
    journey_key,
    attempt_seq,
    entry_seq,
    step_order,
    entered_us,
    ended_us,
    timeout_us,
    is_last_step,
    is_last_visit,
    completion_us,
    case when not is_opening then previous_step_order end as previous_step_order,
    case when not is_last_visit and next_step_order > step_order then next_entered_us end as passed_us
from numbered
{{ join_touched_events('numbered', 'attempt_seq') }}
where numbered.reload_seq is null or numbered.reload_seq < numbered.attempt_seq
