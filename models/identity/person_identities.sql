-- Whom each anonymous_id belongs to.
{{ built_by_anonymous_id() }}
with anonymous_ids as (

    select distinct anonymous_id
    from {{ ref('int_identity_pairs') }}
    where anonymous_id is not null and first_seen_at is not null and {{ is_of_changed_pair('anonymous_id') }}

),

final as (

    select
        anonymous_ids.anonymous_id,
        coalesce('u:' || owners.user_id, 'a:' || anonymous_ids.anonymous_id) as person_id
    from anonymous_ids
    left join {{ ref('int_anonymous_owners') }} as owners
        on anonymous_ids.anonymous_id = owners.anonymous_id

)

select
    anonymous_id,
    person_id
from final
