-- The newest state of each user, with the earliest moment of creation that any of their rows names.
with states as (

    {{ staged_rows('users') }}

),

creations as (

    select
        user_id,
        min(created_at) as created_at
    from {{ ref('int_checked_users') }}
    where rejection_reason is null
    group by user_id

)

select
    states.user_id,
    creations.created_at,
    states.updated_at,
    {%- for column in var('user_segments', []) %}
    states.{{ column }},
    {%- endfor %}
    states.loaded_at
from states
inner join creations
    on states.user_id = creations.user_id
