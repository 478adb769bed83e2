-- How many compared persons entered which window on which day: everyone enters `all`; a fixed window only when the whole of it has
-- passed by as_of. The last day there is is that of as_of.
{% set timezone = var('reporting_timezone', 'UTC') -%}

with windows as (

    select distinct
        experiment_id,
        metric_window,
        window_no,
        window_us
    from {{ ref('int_metric_windows') }}

),

entered as (

    select
        persons.variant_key,
        windows.window_no,
        {{ local_day('least(persons.exposed_us + coalesce(windows.window_us - 1, 0), now.as_of_us)', timezone) }} as day
    from {{ ref('int_compared_persons') }} as persons
    inner join windows
        on persons.experiment_id = windows.experiment_id
    cross join {{ ref('as_of') }} as now
    where windows.window_us is null or persons.exposed_us + windows.window_us <= now.as_of_us

)

select
    variant_key,
    window_no,
    day,
    cast(count(*) as bigint) as persons
from entered
group by variant_key, window_no, day
