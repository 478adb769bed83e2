-- Every person, with the compact integer that stands for them inside the pipeline: windows over text are many times slower.
with person_ids as (

    select 'u:' || user_id as person_id
    from {{ ref('int_identity_pairs') }}
    where user_id is not null
    union
    select person_id
    from {{ ref('person_identities') }}

)

select
    cast(row_number() over (order by {{ by_bytes('person_id') }}) as bigint) as person_key,
    person_id
from person_ids
