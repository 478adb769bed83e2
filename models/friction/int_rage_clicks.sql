-- Runs of three or more clicks on one element within one visit, each soon after the one before. A run counts at its third click.
{{ built_from_event('entry_seq') }}
{% set gap_us = whole(number_var('rage_click_gap_ms', 1000) * 1000) -%}

with clicks as (

    select
        events.person_key,
        events.entry_seq,
        events.occurred_us,
        lag(events.occurred_us, 1) over (
            partition by events.person_key, events.entry_seq, events.element_id order by events.event_seq
        ) as one_before_us,
        lag(events.occurred_us, 2) over (
            partition by events.person_key, events.entry_seq, events.element_id order by events.event_seq
        ) as two_before_us,
        lag(events.occurred_us, 3) over (
            partition by events.person_key, events.entry_seq, events.element_id order by events.event_seq
        ) as three_before_us
    from {{ newly_built('int_person_events') }} as events
    inner join {{ ref('int_event_kinds') }} as kinds
        on events.event_kind = kinds.event_kind and kinds.is_click = 1
    {{ join_touched_events('events', 'entry_seq') }}
    where events.entry_seq is not null and events.element_id is not null

)

select
    person_key,
    entry_seq,
    count(*) as rage_clicks
from clicks
where
    occurred_us - one_before_us <= {{ gap_us }}
    and one_before_us - two_before_us <= {{ gap_us }}
    and (three_before_us is null or two_before_us - three_before_us > {{ gap_us }})
group by person_key, entry_seq
