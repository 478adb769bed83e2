-- One row per attempt and step visited in it.
{{ mart_from_event('first_entered_at', 'attempt_id', "passed_attempts(['known_us'])") }}
-- depends_on: {{ ref('as_of') }}, {{ ref('int_attempts') }}
with built as (

    select attempts.*
    from {{ ref('int_journey_attempts') }} as attempts
    {%- if builds_increment() %}
    cross join {{ ref('as_of') }} as now
    left join {{ touched_events() }} as touched
        on attempts.person_key = touched.person_key
    where {{ increment_marker() }} attempts.attempt_seq >= touched.from_seq or {{ has_passed('attempts.known_us') }}
    {%- endif %}

),

described as (

    select
        attempts.entry_event_id,
        attempts.outcome,
        attempts.outcome = 'abandoned' and attempts.last_step_order = step_attempts.step_order as is_abandoned,
        attempts.ended_us as attempt_ended_us,
        attempts.known_us as attempt_known_us,
        step_attempts.*,
        {% if var('event_dimensions', []) %}entries.dimensions{% else %}cast(null as {{ dbt.type_string() }}) as dimensions{% endif %}
    from {{ ref('int_step_attempts') }} as step_attempts
    inner join built as attempts
        on
            step_attempts.person_key = attempts.person_key
            and step_attempts.journey_key = attempts.journey_key
            and step_attempts.attempt_seq = attempts.attempt_seq
    {%- if var('event_dimensions', []) %}
    inner join {{ ref('int_entries') }} as entries
        on step_attempts.person_key = entries.person_key and step_attempts.first_entry_seq = entries.entry_seq
    {%- endif %}

)

select
    steps.journey_id || ':' || described.entry_event_id as attempt_id,
    steps.journey_id,
    steps.step_id,
    persons.person_id,
    described.dimensions,
    described.outcome as attempt_outcome,
    steps.step_order,
    {%- for count in ['visits'] + step_signals() %}
    cast(described.{{ count }} as bigint) as {{ count }},
    {%- endfor %}
    {{ seconds_from_us('described.pause_us') }} as pause_s,
    {{ seconds_from_us('described.duration_us') }} as duration_s,
    {{ seconds_from_us(elapsed_us('described.first_entered_us', 'described.completed_us')) }} as seconds_to_complete,
    described.completed_us is not null as is_completed,
    described.is_abandoned,
    {{ timestamp_from_us('described.first_entered_us') }} as first_entered_at,
    {{ timestamp_from_us('described.completed_us') }} as completed_at,
    case
        when described.completed_us is not null then {{ timestamp_from_us('described.completed_us') }}
        when described.outcome <> 'in_progress' then {{ timestamp_from_us('described.attempt_ended_us') }}
    end as finished_at,
    {{ timestamp_from_us('coalesce(described.completed_us, described.attempt_ended_us)') }} as counted_at,
    case
        when described.completed_us is not null or described.outcome <> 'in_progress'
            then {{ timestamp_from_us('coalesce(described.completed_us, described.attempt_known_us)') }}
    end as known_at,
    case when described.is_abandoned then {{ timestamp_from_us('described.attempt_ended_us') }} end as abandoned_at,
    case when described.is_abandoned then {{ timestamp_from_us('described.attempt_known_us') }} end as abandonment_known_at
from described
inner join {{ ref('int_journey_steps') }} as steps
    on described.journey_key = steps.journey_key and described.step_order = steps.step_order
inner join {{ ref('int_persons') }} as persons
    on described.person_key = persons.person_key
