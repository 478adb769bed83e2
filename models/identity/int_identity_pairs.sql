-- Every pair of user_id and anonymous_id that an accepted row carries (either may be null), and when it was first seen.
with sightings as (

    {% for table in person_tables() -%}
    select
        user_id,
        anonymous_id,
        min({{ raw_contract()[table].moment }}) as first_seen_at
    from {{ ref('stg_' ~ table) }}
    group by user_id, anonymous_id
    {{- '\n    union all\n    ' if not loop.last }}
    {%- endfor %}

)

select
    user_id,
    anonymous_id,
    min(first_seen_at) as first_seen_at
from sightings
group by user_id, anonymous_id
