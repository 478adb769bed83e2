-- Visits: a step entry and what follows it, with the event that completes the step, if its own rule names one.
{{ built_from_event('entry_seq') }}
with entered as (

    select
        entries.person_key,
        kind_steps.journey_key,
        entries.entry_seq,
        kind_steps.step_order,
        entries.entered_us,
        entries.ended_us,
        steps.is_last_step,
        steps.completes_on_entry,
        steps.completion_event,
        steps.timeout_us,
        lead(entries.entry_seq) over (
            partition by entries.person_key, kind_steps.journey_key, kind_steps.step_order order by entries.entry_seq
        ) as same_step_seq
    from {{ newly_built('int_entries') }} as entries
    inner join {{ ref('int_kind_steps') }} as kind_steps
        on entries.entry_kind = kind_steps.event_kind
    inner join {{ ref('int_journey_steps') }} as steps
        on kind_steps.journey_key = steps.journey_key and kind_steps.step_order = steps.step_order
    {{ join_touched_events('entries', 'entry_seq') }}

),

completion_events as (

    select distinct
        names.event_kind,
        names.event_name
    from {{ ref('int_event_names') }} as names
    inner join {{ ref('int_journey_steps') }} as steps
        on names.event_name = steps.completion_event

),

-- visits that wait for an event, and the events they may wait for, in one stream per person and event name
stream as (

    select
        person_key,
        completion_event as event_name,
        entry_seq as stream_seq,
        1 as is_visit,
        journey_key,
        step_order,
        cast(null as bigint) as done_seq,
        cast(null as bigint) as done_us
    from entered
    where completion_event is not null
    union all
    select
        events.person_key,
        completion_events.event_name,
        events.event_seq as stream_seq,
        0 as is_visit,
        cast(null as bigint) as journey_key,
        cast(null as bigint) as step_order,
        events.event_seq as done_seq,
        events.occurred_us as done_us
    from {{ newly_built('int_person_events') }} as events
    inner join completion_events
        on events.event_kind = completion_events.event_kind
    {{ join_touched_events('events', 'event_seq') }}

),

awaited as (

    select
        person_key,
        journey_key,
        step_order,
        stream_seq as entry_seq,
        is_visit,
        min(done_seq) over (
            partition by person_key, event_name order by stream_seq desc, is_visit, journey_key, step_order
            rows between unbounded preceding and current row
        ) as next_done_seq,
        min(done_us) over (
            partition by person_key, event_name order by stream_seq desc, is_visit, journey_key, step_order
            rows between unbounded preceding and current row
        ) as next_done_us
    from stream

),

completed as (

    select
        entered.*,
        case
            when entered.completes_on_entry then entered.entry_seq
            when awaited.next_done_seq >= entered.same_step_seq then null
            when awaited.next_done_us > entered.ended_us + entered.timeout_us then null
            else awaited.next_done_seq
        end as completion_seq,
        case when entered.completes_on_entry then entered.entered_us else awaited.next_done_us end as next_done_us
    from entered
    left join awaited
        on
            entered.person_key = awaited.person_key
            and entered.journey_key = awaited.journey_key
            and entered.step_order = awaited.step_order
            and entered.entry_seq = awaited.entry_seq
            and awaited.is_visit = 1

)

select
    person_key,
    journey_key,
    entry_seq,
    step_order,
    entered_us,
    ended_us,
    is_last_step,
    completes_on_entry,
    timeout_us,
    completion_seq,
    case when completion_seq is not null then next_done_us end as completion_us
from completed
