-- Edits of an element that was already edited in the same visit.
{{ built_from_event('entry_seq') }}
with edited_elements as (

    select
        events.person_key,
        events.entry_seq,
        events.element_id,
        count(*) - 1 as repeated_edits
    from {{ newly_built('int_person_events') }} as events
    inner join {{ ref('int_event_kinds') }} as kinds
        on events.event_kind = kinds.event_kind and kinds.is_field_edit = 1
    {{ join_touched_events('events', 'entry_seq') }}
    where events.entry_seq is not null and events.element_id is not null
    group by events.person_key, events.entry_seq, events.element_id

)

select
    person_key,
    entry_seq,
    {{ sum_integer('repeated_edits') }} as repeated_edits
from edited_elements
group by person_key, entry_seq
having sum(repeated_edits) > 0
