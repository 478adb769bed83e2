-- The segments of each compared person: all of them, and one per segment column of `users`.
with segmented as (

    select
        person_key,
        'all' as segment
    from (select distinct person_key from {{ ref('int_compared_persons') }}) as everyone
    {%- for column in var('user_segments', []) %}
    union all
    select
        keys.person_key,
        '{{ column }}=' || coalesce(users.{{ column }}, '(not set)') as segment
    from {{ ref('stg_users') }} as users
    inner join {{ ref('int_person_keys') }} as keys
        on 'u:' || users.user_id = keys.identity
    {%- endfor %}

)

select
    persons.experiment_id,
    persons.variant_id,
    persons.person_key,
    persons.exposed_us,
    segmented.segment
from {{ ref('int_compared_persons') }} as persons
inner join segmented
    on persons.person_key = segmented.person_key
