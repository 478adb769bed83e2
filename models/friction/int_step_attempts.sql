-- Attempts by the steps visited in them.
{{ built_from_event('attempt_seq') }}
with visited as (

    select
        visits.person_key,
        visits.journey_key,
        visits.attempt_seq,
        visits.step_order,
        min(visits.entry_seq) as first_entry_seq,
        min(visits.entered_us) as first_entered_us,
        min(visits.completion_us) as completion_us,
        min(visits.passed_us) as passed_us,
        count(*) as visits,
        sum(visits.ended_us - visits.entered_us) as duration_us,
        sum(case when visits.previous_step_order = visits.step_order then 1 else 0 end) as retries,
        sum(case when visits.previous_step_order > visits.step_order then 1 else 0 end) as backtracks,
        min(entries.first_edit_us) as first_edit_us,
        sum(entries.errors) as errors,
        sum(entries.field_edits) as field_edits,
        sum(entries.repeated_edits) as repeated_edits,
        sum(entries.rage_clicks) as rage_clicks,
        sum(entries.help_views) as help_views,
        sum(entries.exit_surveys) as exit_surveys,
        sum(entries.pauses) as pauses,
        sum(entries.pause_us) as pause_us
    from {{ newly_built('int_attempt_visits') }} as visits
    inner join {{ newly_built('int_entries') }} as entries
        on visits.person_key = entries.person_key and visits.entry_seq = entries.entry_seq
    {{ join_touched_events('visits', 'attempt_seq') }}
    group by visits.person_key, visits.journey_key, visits.attempt_seq, visits.step_order

),

-- steps over which a later visit jumps that comes from a lower one: 2, 1, 3 passes step 2 as 2, 3 does
jumped as (

    select
        visits.person_key,
        visits.journey_key,
        visits.attempt_seq,
        visits.step_order,
        min(later.entered_us) as jumped_us
    from {{ newly_built('int_attempt_visits') }} as visits
    inner join {{ newly_built('int_attempt_visits') }} as later
        on
            visits.person_key = later.person_key
            and visits.journey_key = later.journey_key
            and visits.attempt_seq = later.attempt_seq
            and visits.entry_seq < later.entry_seq
            and visits.step_order between later.previous_step_order + 1 and later.step_order - 1
    {{ join_touched_events('visits', 'attempt_seq') }}
    where later.previous_step_order < later.step_order - 1
    group by visits.person_key, visits.journey_key, visits.attempt_seq, visits.step_order

)

select
    visited.person_key,
    visited.journey_key,
    visited.attempt_seq,
    visited.step_order,
    visited.first_entry_seq,
    visited.first_entered_us,
    -- a step without an event of its own is completed when a later visit of the attempt has a higher step
    case
        when visited.completion_us is not null or steps.completion_event is not null or steps.is_last_step then visited.completion_us
        else least(coalesce(visited.passed_us, jumped.jumped_us), coalesce(jumped.jumped_us, visited.passed_us))
    end as completed_us,
    cast(visited.duration_us as bigint) as duration_us,
    visited.first_edit_us,
    -- narrow integers, as in int_entries
    {% for count in ['visits'] + step_signals() -%}
    cast(visited.{{ count }} as integer) as {{ count }},
    {% endfor -%}
    cast(visited.pause_us as bigint) as pause_us
from visited
inner join {{ ref('int_journey_steps') }} as steps
    on visited.journey_key = steps.journey_key and visited.step_order = steps.step_order
left join jumped
    on
        visited.person_key = jumped.person_key
        and visited.journey_key = jumped.journey_key
        and visited.attempt_seq = jumped.attempt_seq
        and visited.step_order = jumped.step_order
