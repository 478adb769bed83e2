-- From which event on the events of touched persons are built anew, by run: the start of a session before the earliest of their rows that
-- changed, and so long after the session before it that no attempt goes on from there (`from_seq`, at `from_us`). All of a person's events
-- where an identity moved. A person of whose events none changed has no row.
{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail', pre_hook="{{ begin_build() }}") }}
{{ is_built_after('int_checked_events') }}
{{ is_built_after('int_journey_steps') }}
{% set events = as_it_stands('int_person_events') -%}
{% set increment = builds_increment() and events is not none -%}
{% set last_run = last_build(model.name).run_no if increment else 0 -%}

with touched as (

    select
        person_key,
        min(changed_us) as changed_us,
        max(case when is_moved then 1 else 0 end) as moves
    from {{ ref('int_touched_persons') }}
    where run_no > {{ last_run }}
    group by person_key

)

{%- if increment %},

-- the sessions that they have had so far: what int_person_events holds before this run builds it
sessions as (

    select
        events.person_key,
        events.session_seq,
        min(events.occurred_us) as started_us,
        max(events.occurred_us) as ended_us
    from {{ events }} as events
    inner join touched
        on events.person_key = touched.person_key
    where touched.moves = 0 and touched.changed_us is not null
    group by events.person_key, events.session_seq

),

{% if may_have_changed_in_place('events') -%}
-- a row that was changed in place may have happened earlier than it does now
places as (

    select
        events.person_key,
        min(events.occurred_us) as changed_us
    from {{ events }} as events
    inner join touched
        on events.person_key = touched.person_key
    where
        touched.moves = 0 and touched.changed_us is not null
        and events.event_id in (select event_id from {{ ref('int_checked_events') }} where run_no > {{ last_run }})
    group by events.person_key

),

{% endif -%}
followed as (

    select
        *,
        lag(ended_us) over (partition by person_key order by session_seq) as previous_ended_us
    from sessions

),

starts as (

    select
        followed.person_key,
        max(followed.session_seq) as from_seq,
        max(followed.started_us) as from_us
    from followed
    inner join touched
        on followed.person_key = touched.person_key
    {%- if may_have_changed_in_place('events') %}
    left join places
        on followed.person_key = places.person_key
    {%- endif %}
    cross join (select max(timeout_us) as timeout_us from {{ ref('int_journey_steps') }}) as longest
    where
        followed.started_us < touched.changed_us
        {%- if may_have_changed_in_place('events') %}
        and (places.changed_us is null or followed.started_us < places.changed_us)
        {%- endif %}
        and followed.started_us - followed.previous_ended_us > coalesce(longest.timeout_us, 0)
    group by followed.person_key

)
{%- endif %}

select
    touched.person_key,
    {{ run_number() }} as run_no,
    {% if increment -%}
    coalesce(starts.from_seq, 1) as from_seq,
    coalesce(starts.from_us, {{ beginning_us() }}) as from_us
from touched
left join starts
    on touched.person_key = starts.person_key
where {{ increment_marker() }} touched.moves = 1 or touched.changed_us is not null
    {%- else -%}
    cast(1 as bigint) as from_seq,
    {{ beginning_us() }} as from_us
from touched
where 1 = 0
    {%- endif %}
