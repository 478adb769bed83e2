-- Sessions: longest runs of a person's events in which no gap exceeds the timeout. Known by their first event.
{{ built_by('person') }}
select
    person_key,
    session_seq,
    min(occurred_us) as started_us,
    max(occurred_us) as ended_us,
    max(case when event_seq = session_seq then event_id end) as session_id,
    count(*) as events
from {{ ref('int_person_events') }}
where {{ is_touched('person_key') }}
group by person_key, session_seq
