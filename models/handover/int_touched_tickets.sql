-- Which tickets changed in which run: those about which something landed, surveys included, and those that touched persons have a part in. A
-- table built from scratch touches none.
{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail', pre_hook="{{ begin_build() }}") }}
{% set increment = builds_increment() -%}
{% set last_run = last_build(model.name).run_no if increment else 0 -%}

with touched as (

    select ticket_id
    from {{ ref('int_checked_ticket_events') }}
    where run_no > {{ last_run }} and rejection_reason is null
    union
    select subject_id as ticket_id
    from {{ ref('int_checked_survey_responses') }}
    where run_no > {{ last_run }} and rejection_reason is null and subject_type = 'ticket'
    union
    select events.ticket_id
    from {{ ref('stg_ticket_events') }} as events
    inner join {{ ref('int_person_keys') }} as keys
        on {{ identity_of('events') }} = keys.identity
    inner join {{ ref('int_touched_persons') }} as persons
        on keys.person_key = persons.person_key and persons.run_no > {{ last_run }}

)

select
    ticket_id,
    {{ run_number() }} as run_no
from touched
where {{ increment_marker() if increment }} {{ '1 = 1' if increment else '1 = 0' }}
