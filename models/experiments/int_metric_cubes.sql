-- What a day changes in the sum of cubes of a metric's deviations, in units of its spread, and how many persons it adds: who has no row
-- is at 0, and each adds the cube of that.
{{ built_by_metric() }}
{% set timezone = var('reporting_timezone', 'UTC') -%}

with cubed as (

    select
        changes.metric_key,
        changes.variant_key,
        changes.window_no,
        least(changes.day, {{ local_day('now.as_of_us', timezone) }}) as day,
        changes.is_first,
        {{ cube_in_millionths(deviation('changes.y', 'changes.d')) }}
        - case when changes.is_first then 0 else {{ cube_in_millionths(deviation('changes.y_before', 'changes.d_before')) }} end as cube
    from {{ ref('int_person_changes') }} as changes
    inner join {{ ref('int_metric_pivots') }} as pivots
        on changes.metric_key = pivots.metric_key and changes.window_no = pivots.window_no
    cross join {{ ref('as_of') }} as now
    where
        pivots.skew_unit is not null
        and (pivots.window_us is null or changes.exposed_us + pivots.window_us <= now.as_of_us)
        and {{ is_touched_metric('changes.metric_key') }}

)

select
    metric_key,
    variant_key,
    window_no,
    day,
    sum(cube) as cubes,
    {{ count_where('is_first') }} as begun
from cubed
group by metric_key, variant_key, window_no, day
