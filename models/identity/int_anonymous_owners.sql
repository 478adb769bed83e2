-- Per anonymous_id that anyone signed in with: the user of the earliest row that carries both.
with linked as (

    select
        anonymous_id,
        user_id,
        row_number() over (
            partition by anonymous_id
            order by first_seen_at, {{ by_bytes('user_id') }}
        ) as claim_number
    from {{ ref('int_identity_pairs') }}
    where user_id is not null and anonymous_id is not null and first_seen_at is not null

)

select
    anonymous_id,
    user_id
from linked
where claim_number = 1
