-- Every person, with the compact integer that stands for them inside the pipeline: windows over text are many times slower. Who has
-- a number keeps it.
{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail', pre_hook="{{ begin_build() }}") }}
{% set increment = builds_increment() -%}

with person_ids as (

    select 'u:' || user_id as person_id
    from {{ ref('int_identity_pairs') }}
    where user_id is not null and first_seen_at is not null and {{ is_of_changed_pair('user_id') }}
    union
    select person_id
    from {{ ref('person_identities') }}
    where {{ is_of_changed_pair('anonymous_id') }}

)

select
    cast({{ numbered('person_id') }} as bigint)
    {%- if increment %} + (select coalesce(max(person_key), 0) from {{ this }}){% endif %} as person_key,
    person_id
from person_ids
{% if increment -%}
where {{ increment_marker() }} person_id not in (select person_id from {{ this }})
{%- endif %}
