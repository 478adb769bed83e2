-- Events in each person's order, cut into sessions, each with the session and the visit it belongs to.
-- `event_seq` orders the events of one person; it is never a key of anything that leaves the pipeline.
{{ built_from_event('event_seq', first='keep_events()') }}
{% set session_timeout_us = whole(number_var('session_timeout_minutes', 30) * 60000000) -%}
{% set properties = 'properties' if var('event_dimensions', []) -%}

with named as (

    select
        keys.person_key,
        keys.identity_key,
        {{ epoch_us('events.occurred_at') }} as occurred_us,
        events.event_id,
        names.event_kind,
        {%- if properties %}
        events.properties,
        {%- endif %}
        events.element_id
    from {{ ref('int_checked_events') }} as events
    inner join {{ ref('int_person_keys') }} as keys
        on {{ identity_of('events') }} = keys.identity
    inner join {{ ref('int_event_names') }} as names
        on events.event_name = names.event_name and coalesce(events.page_path, '') = names.page_path
    where
        events.copy_number = 1
        {%- if builds_increment() %}
        and {{ increment_marker() }} events.run_no > {{ last_build(model.name).run_no }}
    union all
    select
        person_key,
        identity_key,
        occurred_us,
        event_id,
        event_kind,
        {%- if properties %}
        properties,
        {%- endif %}
        element_id
    from {{ kept_events() }}
        {%- endif %}

),

keyed as (

    select
        named.*,
        {{ 'touched.from_seq - 1' if builds_increment() else 'cast(0 as bigint)' }} as events_before,
        kinds.is_entry
    from named
    inner join {{ ref('int_event_kinds') }} as kinds
        on named.event_kind = kinds.event_kind
    {%- if builds_increment() %}
    inner join {{ touched_events() }} as touched
        on named.person_key = touched.person_key
    {%- endif %}

),

ordered as (

    select
        *,
        events_before + row_number() over (partition by person_key order by occurred_us, {{ by_bytes('event_id') }}) as event_seq,
        lag(occurred_us) over (partition by person_key order by occurred_us, {{ by_bytes('event_id') }}) as previous_us,
        lead(occurred_us) over (partition by person_key order by occurred_us, {{ by_bytes('event_id') }}) as next_us
    from keyed

),

marked as (

    select
        *,
        max(case when previous_us is null or occurred_us - previous_us > {{ session_timeout_us }} then event_seq end)
            over (partition by person_key order by event_seq rows between unbounded preceding and current row) as session_seq,
        max(case when is_entry then event_seq end)
            over (partition by person_key order by event_seq rows between unbounded preceding and current row) as entry_seq
    from ordered

)

select
    person_key,
    event_seq,
    occurred_us,
    event_id,
    event_kind,
    element_id,
    {%- if properties %}
    properties,
    {%- endif %}
    identity_key,
    session_seq,
    -- the entering event that this one follows in the same session
    case when entry_seq >= session_seq then entry_seq end as entry_seq,
    -- the next event of the same session
    case when next_us - occurred_us <= {{ session_timeout_us }} then next_us end as next_us
from marked
