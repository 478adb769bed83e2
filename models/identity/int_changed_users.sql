-- The state of each user that the marts were last built with, and since which run. `users` says nothing of when a row landed, so
-- its rows are compared. A user who is no longer there has no state: neither a moment of creation nor segments.
{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='user_id', on_schema_change='fail', pre_hook="{{ begin_build() }}") }}
{% set increment = builds_increment() -%}
{% set segments = var('user_segments', []) -%}

with states as (

    select
        user_id,
        created_at,
        ''{% for segment in segments %} || coalesce('=' || {{ segment }}, '') || '|'{% endfor %} as segments
    from {{ ref('stg_users') }}

)

select
    states.user_id,
    states.created_at,
    states.segments,
    {{ run_number() }} as run_no
from states
{% if increment -%}
left join {{ this }} as before
    on states.user_id = before.user_id
where
    {{ increment_marker() }} before.segments is null
    or before.created_at <> states.created_at
    or before.segments <> states.segments
union all
select
    before.user_id,
    states.created_at,
    states.segments,
    {{ run_number() }} as run_no
from {{ this }} as before
left join states
    on before.user_id = states.user_id
where states.user_id is null and before.segments is not null
{%- endif %}
