-- Attempts: where they began and ended. What became of them hangs on `as_of` as well: int_journey_attempts.
{{ built_from_event('attempt_seq') }}
with stepped as (

    select
        step_attempts.person_key,
        step_attempts.journey_key,
        step_attempts.attempt_seq,
        max(case when steps.is_last_step then step_attempts.completed_us end) as completed_us,
        min(step_attempts.completed_us) as first_completed_us,
        min(step_attempts.first_edit_us) as first_edit_us,
        min(step_attempts.first_entered_us) as started_us,
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

)

select
    stepped.person_key,
    stepped.journey_key,
    stepped.attempt_seq,
    events.event_id as entry_event_id,
    {{ 'entries.dimensions' if var('event_dimensions', []) else 'cast(null as ' ~ dbt.type_string() ~ ') as dimensions' }},
    last_visits.step_order as last_step_order,
    stepped.started_us,
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
from stepped
inner join {{ newly_built('int_attempt_visits') }} as last_visits
    on
        stepped.person_key = last_visits.person_key
        and stepped.journey_key = last_visits.journey_key
        and stepped.attempt_seq = last_visits.attempt_seq
        and last_visits.is_last_visit
inner join {{ newly_built('int_person_events') }} as events
    on stepped.person_key = events.person_key and stepped.attempt_seq = events.event_seq and events.event_seq = events.entry_seq
{%- if var('event_dimensions', []) %}
inner join {{ newly_built('int_entries') }} as entries
    on stepped.person_key = entries.person_key and stepped.attempt_seq = entries.entry_seq
{%- endif %}
