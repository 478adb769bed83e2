-- Every local day from the first to the last thing that happened to a ticket, with its opening hours in UTC and the open time
-- before it: open time between two moments is then one subtraction.
{% set timezone = business_timezone() -%}

with span as (

    select
        {{ local_day('min(occurred_us)', timezone) }} as first_day,
        {{ local_day('max(occurred_us)', timezone) }} as last_day
    from {{ ref('int_ticket_events') }}

),

numbers as (

    {{ dbt.generate_series(business_day_count()) }}

),

days as (

    select
        {{ dbt.dateadd('day', 'cast(numbers.generated_number as integer) - 1', 'span.first_day') }} as local_day
    from span
    cross join numbers

),

dated as (

    select
        cast(days.local_day as date) as local_day,
        {{ iso_weekday('days.local_day') }} as weekday
    from days
    inner join span
        on cast(days.local_day as date) <= span.last_day

),

-- a closed day is one opening of no length, so that every day has a row
openings as (

    select
        dated.local_day,
        {{ utc_us_of_local(clock_on_day('dated.local_day', "coalesce(hours.opens_at, '00:00')"), timezone) }} as opens_us,
        {{ utc_us_of_local(clock_on_day('dated.local_day', "coalesce(hours.closes_at, '00:00')"), timezone) }} as closes_us
    from dated
    left join {{ ref('cfg_holidays') }} as holidays
        on dated.local_day = holidays.holiday_date
    left join {{ ref('cfg_business_hours') }} as hours
        on dated.weekday = hours.weekday and holidays.holiday_date is null

)

select
    local_day,
    opens_us,
    closes_us,
    coalesce(sum({{ elapsed_us('opens_us', 'closes_us') }}) over (
        order by local_day, opens_us, closes_us rows between unbounded preceding and 1 preceding
    ), 0) as open_before_us
from openings
