-- Sessions: longest runs of a person's events in which no gap exceeds the timeout. Known by their first event.
{{ built_from_event('session_seq') }}
select
    events.person_key,
    events.session_seq,
    min(events.occurred_us) as started_us,
    max(events.occurred_us) as ended_us,
    max(case when events.event_seq = events.session_seq then events.event_id end) as session_id,
    count(*) as events
from {{ newly_built('int_person_events') }} as events
{{ join_touched_events('events', 'session_seq') }}
group by events.person_key, events.session_seq
