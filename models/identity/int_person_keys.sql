-- The person of every way in which a row can name one: by user, or else by anonymous id.
with names as (

    select distinct
        'u:' || user_id as identity,
        'u:' || user_id as person_id
    from {{ ref('int_identity_pairs') }}
    where user_id is not null
    union all
    select
        'a:' || anonymous_id as identity,
        person_id
    from {{ ref('person_identities') }}

)

select
    names.identity,
    persons.person_key
from names
inner join {{ ref('int_persons') }} as persons
    on names.person_id = persons.person_id
