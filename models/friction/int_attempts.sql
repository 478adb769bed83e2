-- Attempts: where they began and ended. What became of them hangs on `as_of` as well: int_journey_attempts.
{{ built_from_event('attempt_seq') }}
with visited as (

    select
        visits.person_key,
        visits.journey_key,
        visits.attempt_seq,
        max(visits.entry_seq) as last_entry_seq,
        min(visits.entered_us) as started_us,
        max(visits.ended_us) as last_ended_us
    from {{ newly_built('int_attempt_visits') }} as visits
    {{ join_touched_events('visits', 'attempt_seq') }}
    group by visits.person_key, visits.journey_key, visits.attempt_seq

),

stepped as (

    select
        step_attempts.person_key,
        step_attempts.journey_key,
        step_attempts.attempt_seq,
        max(case when steps.is_last_step then step_attempts.completed_us end) as completed_us,
        min(step_attempts.completed_us) as first_completed_us,
        min(step_attempts.first_edit_us) as first_edit_us,
        count(*) as steps_visited,
        sum(steps.field_count) as fields,
        {%- for signal in step_signals() %}
        sum(step_attempts.{{ signal }}) as {{ signal }},
        {%- endfor %}
        sum(step_attempts.pause_us) as pause_us
    from {{ newly_built('int_step_attempts') }} as step_attempts
    inner join {{ ref('int_journey_steps') }} as steps
        on step_attempts.journey_key = steps.journey_key and step_attempts.step_order = steps.step_order
    {{ join_touched_events('step_attempts', 'attempt_seq') }}
    group by step_attempts.person_key, step_attempts.journey_key, step_attempts.attempt_seq

),

last_visits as (

    select
        visited.person_key,
        visited.journey_key,
        visited.attempt_seq,
        visited.started_us,
        last_visit.ended_us,
        last_visit.step_order as last_step_order,
        last_visit.timeout_us
    from visited
    inner join {{ newly_built('int_attempt_visits') }} as last_visit
        on
            visited.person_key = last_visit.person_key
            and visited.journey_key = last_visit.journey_key
            and visited.last_entry_seq = last_visit.entry_seq

)

select
    last_visits.person_key,
    last_visits.journey_key,
    last_visits.attempt_seq,
    entries.entry_event_id,
    entries.dimensions,
    last_visits.last_step_order,
    last_visits.started_us,
    last_visits.ended_us,
    stepped.completed_us,
    -- until when the outcome is open: an attempt is given up only once its time has run out
    coalesce(stepped.completed_us, last_visits.ended_us + last_visits.timeout_us) as known_us,
    case
        when stepped.first_edit_us is null then stepped.first_completed_us
        when stepped.first_completed_us is null then stepped.first_edit_us
        else least(stepped.first_edit_us, stepped.first_completed_us)
    end as first_action_us,
    cast(stepped.steps_visited as bigint) as steps_visited,
    cast(stepped.fields as bigint) as fields,
    {%- for signal in step_signals() %}
    cast(stepped.{{ signal }} as bigint) as {{ signal }},
    {%- endfor %}
    cast(stepped.pause_us as bigint) as pause_us
from last_visits
inner join stepped
    on
        last_visits.person_key = stepped.person_key
        and last_visits.journey_key = stepped.journey_key
        and last_visits.attempt_seq = stepped.attempt_seq
inner join {{ newly_built('int_entries') }} as entries
    on last_visits.person_key = entries.person_key and last_visits.attempt_seq = entries.entry_seq
