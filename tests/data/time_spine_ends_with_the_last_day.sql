-- The time spine begins with the first day on which anybody was seen, ends with the last, and leaves out none in between.
with spine as (

    select
        min(date_day) as first_day,
        max(date_day) as last_day,
        count(*) as days
    from {{ ref('time_spine') }}

),

seen as (

    select
        min(active_on) as first_day,
        max(active_on) as last_day,
        count(*) as rows_seen
    from {{ ref('int_person_days') }}

)

select
    spine.first_day,
    spine.last_day,
    spine.days,
    seen.first_day as first_day_seen,
    seen.last_day as last_day_seen
from spine
cross join seen
where
    (spine.days = 0 and seen.rows_seen > 0)
    or spine.first_day <> seen.first_day
    or spine.last_day <> seen.last_day
    or spine.days <> {{ dbt.datediff('spine.first_day', 'spine.last_day', 'day') }} + 1
