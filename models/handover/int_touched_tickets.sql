-- Which tickets changed in which run: those about which something landed, surveys included, and those of touched persons that look at what changed:
-- opened or resolved after it, or so shortly before that it lies in one of their windows. A table built from scratch touches none.
{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail', pre_hook="{{ begin_build() }}") }}
{{ is_built_after('int_checked_ticket_events') }}
{{ is_built_after('int_checked_survey_responses') }}
{{ is_built_after('int_touched_persons') }}
{% set tickets = as_it_stands('int_ticket_lives') -%}
{% set increment = builds_increment() and tickets is not none -%}

{%- if not increment %}
select
    ticket_id,
    {{ run_number() }} as run_no
from {{ ref('int_checked_ticket_events') }}
where 1 = 0
{%- else %}
with touched as (

    {{ landed_subjects('ticket') }}
    union
    select tickets.ticket_id
    from {{ tickets }} as tickets
    inner join {{ touched_others() }} as others
        on tickets.person_key = others.person_key and (tickets.opened_us >= others.from_us or tickets.resolved_us >= others.from_us)

)

select
    ticket_id,
    {{ run_number() }} as run_no
from touched
where {{ increment_marker() }} 1 = 1
{%- endif %}
