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
        count(*) as visits,
        sum(visits.ended_us - visits.entered_us) as duration_us,
        sum(case when visits.is_retry then 1 else 0 end) as retries,
        sum(case when visits.is_backtrack then 1 else 0 end) as backtracks,
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

-- a step without an event of its own is completed when a later visit of the attempt has a higher step
passed as (

    select
        visited.person_key,
        visited.journey_key,
        visited.attempt_seq,
        visited.step_order,
        min(later.entered_us) as passed_us
    from visited
    inner join {{ ref('int_journey_steps') }} as steps
        on visited.journey_key = steps.journey_key and visited.step_order = steps.step_order
    inner join {{ newly_built('int_attempt_visits') }} as later
        on
            visited.person_key = later.person_key
            and visited.journey_key = later.journey_key
            and visited.attempt_seq = later.attempt_seq
            and visited.first_entry_seq < later.entry_seq
            and visited.step_order < later.step_order
    where steps.completion_event is null and not steps.is_last_step
    group by visited.person_key, visited.journey_key, visited.attempt_seq, visited.step_order

)

select
    visited.person_key,
    visited.journey_key,
    visited.attempt_seq,
    visited.step_order,
    visited.first_entry_seq,
    visited.first_entered_us,
    coalesce(visited.completion_us, passed.passed_us) as completed_us,
    visited.duration_us,
    visited.first_edit_us,
    {% for count in ['visits', 'retries', 'backtracks', 'errors', 'field_edits', 'repeated_edits', 'rage_clicks', 'help_views', 'exit_surveys', 'pauses', 'pause_us'] -%}
    cast(visited.{{ count }} as bigint) as {{ count }}
    {{- ',\n    ' if not loop.last }}
    {%- endfor %}
from visited
left join passed
    on
        visited.person_key = passed.person_key
        and visited.journey_key = passed.journey_key
        and visited.attempt_seq = passed.attempt_seq
        and visited.step_order = passed.step_order
