-- The days of each experiment, from its start to the day of as_of.
with spans as (

    select
        experiments.experiment_id,
        experiments.started_on,
        {{ local_day('now.as_of_us', var('reporting_timezone', 'UTC')) }} as last_day
    from {{ ref('cfg_experiments') }} as experiments
    cross join {{ ref('as_of') }} as now

),

numbers as (

    {{ dbt.generate_series(experiment_day_count()) }}

),

days as (

    select
        spans.experiment_id,
        cast({{ dbt.dateadd('day', 'cast(numbers.generated_number as integer) - 1', 'spans.started_on') }} as date) as day,
        spans.last_day
    from spans
    cross join numbers

)

select
    experiment_id,
    day
from days
where day <= last_day
