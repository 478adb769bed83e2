-- One row per entering event: what happened from it to the person's next entering event of the session, or the session's end.
-- An event that enters steps of several journeys is one row here and several visits.
{{ built_from_event('entry_seq') }}
{% set pause_us = whole(number_var('pause_seconds', 10) * 1000000) -%}

with followed as (

    select
        events.person_key,
        events.entry_seq,
        min(events.occurred_us) as entered_us,
        max(coalesce(events.next_us, events.occurred_us)) as ended_us,
        max(case when events.event_seq = events.entry_seq then events.event_kind end) as entry_kind,
        {%- if var('event_dimensions', []) %}
        max(case when events.event_seq = events.entry_seq then events.properties end) as properties,
        {%- endif %}
        min(case when kinds.is_field_edit = 1 then events.occurred_us end) as first_edit_us,
        {{ sum_integer('kinds.is_error') }} as errors,
        {{ sum_integer('kinds.is_field_edit') }} as field_edits,
        {{ sum_integer('kinds.is_help') }} as help_views,
        {{ sum_integer('kinds.is_exit_survey') }} as exit_surveys,
        {{ count_where('events.next_us - events.occurred_us > ' ~ pause_us) }} as pauses,
        {{ sum_integer('case when events.next_us - events.occurred_us > ' ~ pause_us ~ ' then events.next_us - events.occurred_us else 0 end') }} as pause_us
    from {{ newly_built('int_person_events') }} as events
    inner join {{ ref('int_event_kinds') }} as kinds
        on events.event_kind = kinds.event_kind
    {{ join_touched_events('events', 'entry_seq') }}
    where events.entry_seq is not null
    group by events.person_key, events.entry_seq

)

select
    followed.person_key,
    followed.entry_seq,
    followed.entered_us,
    followed.ended_us,
    followed.entry_kind,
    {{ carried_dimensions('followed.properties') }} as dimensions,
    followed.first_edit_us,
    -- narrow integers: sums of wide ones are kept in 128 bits, for each of tens of millions of step attempts
    {% for count in ['followed.errors', 'followed.field_edits', 'followed.help_views', 'followed.exit_surveys', 'followed.pauses', 'edits.repeated_edits', 'clicks.rage_clicks'] -%}
    cast(coalesce({{ count }}, 0) as integer) as {{ count.split('.')[1] }},
    {% endfor -%}
    followed.pause_us
from followed
left join {{ newly_built('int_repeated_edits') }} as edits
    on followed.person_key = edits.person_key and followed.entry_seq = edits.entry_seq
left join {{ newly_built('int_rage_clicks') }} as clicks
    on followed.person_key = clicks.person_key and followed.entry_seq = clicks.entry_seq
