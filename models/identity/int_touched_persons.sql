-- Whose rows changed in which run: by rows of theirs that landed or were ranked anew, by rows of others about their tickets and
-- messages, or because an identity came to them or left them. What belongs to a person is built anew for these alone: of their events what
-- int_touched_events says, from `changed_us` on, and of their messages, tickets and completed attempts those that look at what else changed:
-- that happened at `others_from_us` or later. A table built from scratch touches nobody: then all that hangs on it is built from scratch as well.
{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail', pre_hook="{{ begin_build() }}") }}
{% set increment = builds_increment() -%}
{% set last_run = last_build(model.name).run_no if increment else 0 -%}
{% set subjects = {'ticket_events': 'ticket_id', 'message_events': 'message_id'} -%}
{% set nothing = 'cast(null as bigint)' -%}

with changed_rows as (

    {% for table in person_tables() -%}
    {% set moment_us = epoch_us(raw_contract()[table].moment) -%}
    {% set reach = days_looked_ahead()[table] -%}
    select
        {{ identity_of(table) }} as identity,
        {% if table in subjects %}{{ subjects[table] }}{% elif table == 'survey_responses' %}subject_id{% else %}cast(null as {{ dbt.type_string() }}){% endif %} as subject_id,
        {{ moment_us if table == 'events' else nothing }} as changed_us,
        {{ moment_us ~ ' - ' ~ days_us(reach) if reach is defined else nothing }} as others_from_us
    from {{ ref('int_checked_' ~ table) }} as {{ table }}
    where run_no > {{ last_run }} and rejection_reason is null
    {{- '\n    union all\n    ' if not loop.last }}
    {%- endfor %}

),

changed_subjects as (

    select
        subject_id,
        min(others_from_us) as others_from_us
    from changed_rows
    where subject_id is not null
    group by subject_id

),

identities as (

    select
        identity,
        changed_us,
        others_from_us
    from changed_rows
    {%- for table, subject in subjects.items() %}
    union all
    select
        {{ identity_of(table) }} as identity,
        {{ nothing }} as changed_us,
        subjects.others_from_us
    from {{ ref('stg_' ~ table) }} as {{ table }}
    inner join changed_subjects as subjects
        on {{ table }}.{{ subject }} = subjects.subject_id
    {%- endfor %}

),

touched as (

    select
        keys.person_key,
        identities.changed_us,
        identities.others_from_us,
        0 as moves
    from identities
    inner join {{ ref('int_person_keys') }} as keys
        on identities.identity = keys.identity
    union all
    select
        person_key,
        {{ nothing }} as changed_us,
        case when previous_person_key is not null then {{ beginning_us() }} end as others_from_us,
        case when previous_person_key is not null then 1 else 0 end as moves
    from {{ ref('int_person_keys') }}
    where run_no > {{ last_run }}
    union all
    select
        previous_person_key as person_key,
        {{ nothing }} as changed_us,
        {{ beginning_us() }} as others_from_us,
        1 as moves
    from {{ ref('int_person_keys') }}
    where run_no > {{ last_run }} and previous_person_key is not null
    union all
    -- when they became a user says which of their messages reached one
    select
        keys.person_key,
        {{ nothing }} as changed_us,
        {{ beginning_us() }} as others_from_us,
        0 as moves
    from {{ ref('int_changed_users') }} as users
    inner join {{ ref('int_person_keys') }} as keys
        on 'u:' || users.user_id = keys.identity
    where users.run_no > {{ last_run }}

)

select
    person_key,
    {{ run_number() }} as run_no,
    min(changed_us) as changed_us,
    min(others_from_us) as others_from_us,
    max(moves) > 0 as is_moved
from touched
where {{ increment_marker() if increment }} {{ '1 = 1' if increment else '1 = 0' }}
group by person_key
