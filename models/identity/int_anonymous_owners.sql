-- Per anonymous_id that anyone signed in with: the user of the earliest row that carries both.
{{ built_by_anonymous_id() }}
with linked as (

    select
        anonymous_id,
        user_id,
        row_number() over (
            partition by anonymous_id
            order by first_seen_at, {{ by_bytes('user_id') }}
        ) as claim_number
    from {{ ref('int_identity_pairs') }}
    where user_id is not null and anonymous_id is not null and first_seen_at is not null and {{ is_of_changed_pair('anonymous_id') }}

)

select
    anonymous_id,
    user_id
from linked
where claim_number = 1
