-- One row per session.
{{ mart_from_event('started_at') }}
select
    sessions.session_id,
    persons.person_id,
    cast(sessions.events as bigint) as events,
    sessions.session_seq = 1 as is_first,
    {{ seconds_from_us('sessions.ended_us - sessions.started_us') }} as duration_s,
    {{ timestamp_from_us('sessions.started_us') }} as started_at,
    {{ timestamp_from_us('sessions.ended_us') }} as ended_at
from {{ newly_built('int_sessions') }} as sessions
inner join {{ ref('int_persons') }} as persons
    on sessions.person_key = persons.person_key
{{ join_touched_events('sessions', 'session_seq') }}
