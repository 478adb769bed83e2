-- The person of every way in which a row can name one: by user, or else by anonymous id; whom it named before, and since which run. What has
-- a number keeps it.
{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='identity', on_schema_change='fail', pre_hook="{{ begin_build() }}") }}
{% set increment = builds_increment() -%}

with names as (

    select distinct
        'u:' || user_id as identity,
        'u:' || user_id as person_id
    from {{ ref('int_identity_pairs') }}
    where user_id is not null and first_seen_at is not null and {{ is_of_changed_pair('user_id') }}
    union all
    select
        'a:' || anonymous_id as identity,
        person_id
    from {{ ref('person_identities') }}
    where {{ is_of_changed_pair('anonymous_id') }}

)

select
    names.identity,
    {% if increment -%}
    coalesce(before.identity_key, (select coalesce(max(identity_key), 0) from {{ this }}) + {{ numbered('names.identity') }})
    {%- else -%}
    cast({{ numbered('names.identity') }} as bigint)
    {%- endif %} as identity_key,
    persons.person_key,
    {% if not increment -%}
    cast(null as bigint)
    {%- elif last_build('int_touched_persons') -%}
    -- what nobody has been built with yet is not whom it named before
    case when before.run_no > {{ last_build('int_touched_persons').run_no }} then before.previous_person_key else before.person_key end
    {%- else -%}
    before.person_key
    {%- endif %} as previous_person_key,
    {{ run_number() }} as run_no
from names
inner join {{ ref('int_persons') }} as persons
    on names.person_id = persons.person_id
{% if increment -%}
left join {{ this }} as before
    on names.identity = before.identity
where {{ increment_marker() }} before.person_key is null or before.person_key <> persons.person_key
{%- endif %}
