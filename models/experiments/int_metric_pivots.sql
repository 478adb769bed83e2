-- The rounded overall mean of each metric and window, over all variants together, and what its skewness is measured in: the
-- overall standard deviation of a person's y, or of y - R d where the metric is a ratio R.
{% set wide = type_wide_integer() -%}
{% set double = type_double() -%}

with counted as (

    select
        experiment_id,
        metric_window,
        count(*) as persons
    from {{ ref('int_eligible_persons') }}
    where segment = 'all'
    group by experiment_id, metric_window

),

summed as (

    select
        persons.experiment_id,
        vals.metric_id,
        persons.metric_window,
        {% for letter in 'ydxz' -%}
        sum(cast(vals.{{ letter }} as {{ wide }})) as {{ letter }},
        {% endfor -%}
        {% for pair in ['yy', 'yd', 'dd'] -%}
        sum(cast(vals.{{ pair[0] }} as {{ wide }}) * vals.{{ pair[1] }}) as {{ pair }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_person_values') }} as vals
    inner join {{ ref('int_eligible_persons') }} as persons
        on
            vals.experiment_id = persons.experiment_id
            and vals.person_key = persons.person_key
            and vals.metric_window = persons.metric_window
    where persons.segment = 'all'
    group by persons.experiment_id, vals.metric_id, persons.metric_window

),

pivoted as (

    select
        metrics.experiment_id,
        metrics.metric_id,
        windows.metric_window,
        {{ metric_kind('metrics.metric_id') }} as metric_kind,
        {{ metric_scale('metrics.metric_id') }} as scale,
        counted.persons,
        {% for letter in 'ydxz' -%}
        coalesce(cast({{ rounded('cast(summed.' ~ letter ~ ' as ' ~ double ~ ') / nullif(counted.persons, 0)') }} as bigint), 0) as pivot_{{ letter }},
        {% endfor -%}
        coalesce(case when {{ metric_kind('metrics.metric_id') }} = 'ratio' then {{ rate('summed.y', 'summed.d') }} end, 0) as ratio,
        {% for sum in ['y', 'd', 'yy', 'yd', 'dd'] -%}
        coalesce(summed.{{ sum }}, 0) as {{ sum }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_experiment_metrics') }} as metrics
    cross join (
        {% for window in metric_windows() %}select '{{ window }}' as metric_window{{ '
        union all
        ' if not loop.last }}{% endfor %}
    ) as windows
    left join counted
        on metrics.experiment_id = counted.experiment_id and windows.metric_window = counted.metric_window
    left join summed
        on
            metrics.experiment_id = summed.experiment_id
            and metrics.metric_id = summed.metric_id
            and windows.metric_window = summed.metric_window
    where {{ metric_kind('metrics.metric_id') }} in ('share', 'mean', 'ratio') and {{ has_window('metrics.metric_id', 'windows.metric_window') }}

),

-- the sums as whole numbers, shifted by their pivots
shifted as (

    select
        *,
        cast(y - persons * cast(pivot_y as {{ wide }}) as {{ double }}) as sum_y,
        cast(d - persons * cast(pivot_d as {{ wide }}) as {{ double }}) as sum_d,
        cast(yy - 2 * y * pivot_y + persons * cast(pivot_y as {{ wide }}) * pivot_y as {{ double }}) as sum_yy,
        cast(yd - y * pivot_d - d * pivot_y + persons * cast(pivot_y as {{ wide }}) * pivot_d as {{ double }}) as sum_yd,
        cast(dd - 2 * d * pivot_d + persons * cast(pivot_d as {{ wide }}) * pivot_d as {{ double }}) as sum_dd
    from pivoted

),

spread as (

    select
        *,
        (
            sum_yy - 2 * ratio * sum_yd + ratio * ratio * sum_dd
            - (sum_y - ratio * sum_d) * (sum_y - ratio * sum_d) / nullif(persons, 0)
        ) / nullif(persons - 1, 0) as variance,
        -- what differs by less than this differs by rounding
        (sum_yy + 2 * abs(ratio * sum_yd) + ratio * ratio * sum_dd) * 1e-12 / nullif(persons - 1, 0) as rounding
    from shifted

)

select
    experiment_id,
    metric_id,
    metric_window,
    metric_kind,
    scale,
    {% for letter in 'ydxz' -%}
    pivot_{{ letter }},
    {% endfor -%}
    ratio,
    case when variance > rounding then sqrt(variance) end as skew_unit
from spread
