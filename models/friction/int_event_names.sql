-- Every combination of event name and page that occurs, numbered: events carry the number instead of the text.
with names as (

    select distinct
        event_name,
        coalesce(page_path, '') as page_path
    from {{ ref('stg_events') }}

)

select
    cast(row_number() over (order by {{ by_bytes('event_name') }}, {{ by_bytes('page_path') }}) as bigint) as event_kind,
    event_name,
    page_path
from names
