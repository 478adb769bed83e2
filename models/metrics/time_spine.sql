-- Every day from the first to the last on which anybody was seen: what the semantic layer lays gaps and running totals over.
{% set days_apart = value_in(ref('int_person_days'), dbt.datediff('min(active_on)', 'max(active_on)', 'day')) -%}

with numbers as (

    {{ dbt.generate_series((days_apart | int) + 1) }}

),

spans as (

    select
        min(days.active_on) as first_day,
        max(days.active_on) as last_day
    from {{ ref('int_person_days') }} as days

),

days as (

    select
        cast({{ dbt.dateadd('day', 'cast(numbers.generated_number as integer) - 1', 'spans.first_day') }} as date) as date_day,
        spans.last_day
    from spans
    cross join numbers

)

select date_day
from days
where date_day <= last_day
