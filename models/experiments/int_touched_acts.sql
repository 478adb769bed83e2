-- Whose acts may count otherwise than before, by run: of touched persons, and of persons about whose attempts, messages or tickets time
-- alone has decided something since. A table built from scratch touches nobody.
-- depends_on: {{ ref('int_attempts') }}, {{ ref('int_messages') }}, {{ ref('int_tickets') }}, {{ ref('as_of') }}
{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail', pre_hook="{{ begin_build() }}") }}
{% set increment = builds_increment() -%}

with touched as (

    select person_key
    from {{ ref('int_touched_persons') }}
    {% if increment -%}
    where run_no > {{ last_build(model.name).run_no }}
    union
    select attempts.person_key
    from {{ ref('int_attempts') }} as attempts
    cross join {{ ref('as_of') }} as now
    where {{ has_passed('attempts.known_us') }} or {{ has_passed('attempts.completed_us + ' ~ days_us(7)) }}
    union
    select messages.person_key
    from {{ ref('int_messages') }} as messages
    cross join {{ ref('as_of') }} as now
    where {{ message_has_passed('messages') }}
    union
    select tickets.person_key
    from {{ ref('int_tickets') }} as tickets
    cross join {{ ref('as_of') }} as now
    where {{ ticket_has_passed('tickets') }}
    {%- endif %}

)

select
    person_key,
    {{ run_number() }} as run_no
from touched
where {{ increment_marker() if increment }} {{ '1 = 1' if increment else '1 = 0' }}
