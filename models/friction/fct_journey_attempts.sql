-- One row per attempt at a journey.
{{ mart_from_event('started_at', 'attempt_id', "passed_attempts(['known_us', 'completed_us + " ~ days_us(7) ~ "'])", looking_ahead='completed_at') }}
-- depends_on: {{ ref('int_attempts') }}, {{ ref('int_touched_persons') }}
with built as (

    select attempts.*
    from {{ ref('int_journey_attempts') }} as attempts
    {%- if builds_increment() %}
    cross join {{ ref('as_of') }} as now
    left join {{ touched_events() }} as touched
        on attempts.person_key = touched.person_key
    left join {{ touched_others() }} as others
        on attempts.person_key = others.person_key
    where
        {{ increment_marker() }} attempts.attempt_seq >= touched.from_seq
        or attempts.completed_us >= others.from_us
        or {{ has_passed('attempts.known_us') }}
        or {{ has_passed('attempts.completed_us + ' ~ days_us(7)) }}
    {%- endif %}

),

described as (

    select
        attempts.*,
        steps.journey_id,
        steps.step_id,
        attempts.outcome = 'abandoned' and steps.is_required and step_attempts.errors > 0 as failed_at_required_step
    from built as attempts
    inner join {{ ref('int_step_attempts') }} as step_attempts
        on
            attempts.person_key = step_attempts.person_key
            and attempts.journey_key = step_attempts.journey_key
            and attempts.attempt_seq = step_attempts.attempt_seq
            and attempts.last_step_order = step_attempts.step_order
    inner join {{ ref('int_journey_steps') }} as steps
        on attempts.journey_key = steps.journey_key and attempts.last_step_order = steps.step_order

)

select
    attempts.journey_id || ':' || attempts.entry_event_id as attempt_id,
    attempts.journey_id,
    persons.person_id,
    attempts.outcome,
    attempts.step_id as last_step_id,
    attempts.dimensions,
    attempts.steps_visited,
    attempts.fields,
    {%- for signal in step_signals() %}
    attempts.{{ signal }},
    {%- endfor %}
    {{ seconds_from_us('attempts.pause_us') }} as pause_s,
    {{ seconds_from_us(elapsed_us('attempts.started_us', 'coalesce(attempts.completed_us, attempts.ended_us)')) }} as duration_s,
    {{ seconds_from_us(elapsed_us('attempts.started_us', 'attempts.first_action_us')) }} as seconds_to_first_action,
    coalesce(attempts.failed_at_required_step, false) as failed_at_required_step,
    case
        when attempts.completed_us is null then null
        when troubled.person_key is not null then true
        when now.as_of_us >= attempts.completed_us + {{ days_us(7) }} then false
    end as is_silent_friction,
    case
        when attempts.outcome <> 'in_progress'
            then attempts.outcome = 'completed' and attempts.errors = 0 and attempts.help_views = 0 and troubled.ticketed_us is null
    end as is_task_success,
    {{ timestamp_from_us('attempts.started_us') }} as started_at,
    {{ timestamp_from_us('attempts.first_action_us') }} as first_action_at,
    {{ timestamp_from_us('attempts.ended_us') }} as ended_at,
    {{ timestamp_from_us('attempts.completed_us') }} as completed_at,
    case
        when attempts.outcome <> 'in_progress'
            then {{ timestamp_from_us('coalesce(attempts.completed_us, attempts.ended_us)') }}
    end as finished_at,
    {{ timestamp_from_us('coalesce(attempts.completed_us, attempts.ended_us)') }} as counted_at,
    case when attempts.outcome <> 'in_progress' then {{ timestamp_from_us('attempts.known_us') }} end as known_at,
    {{ timestamp_from_us('troubled.troubled_us') }} as troubled_at,
    {{ timestamp_from_us('troubled.ticketed_us') }} as ticketed_at,
    case
        when attempts.completed_us is null then null
        when troubled.troubled_us is not null then {{ timestamp_from_us('troubled.troubled_us') }}
        when now.as_of_us >= attempts.completed_us + {{ days_us(7) }} then {{ timestamp_from_us('attempts.completed_us + ' ~ days_us(7)) }}
    end as silent_friction_known_at
from described as attempts
inner join {{ ref('int_persons') }} as persons
    on attempts.person_key = persons.person_key
left join {{ ref('int_troubled_completions') }} as troubled
    on
        attempts.person_key = troubled.person_key
        and attempts.journey_key = troubled.journey_key
        and attempts.attempt_seq = troubled.attempt_seq
cross join {{ ref('as_of') }} as now
