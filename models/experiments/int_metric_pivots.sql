-- The rounded overall mean of each metric and window, over all variants together, and what its skewness is measured in: the
-- overall standard deviation of a person's y, or of y - R d where the metric is a ratio R.
{% set wide = type_wide_integer() -%}
{% set double = type_double() -%}

with counted as (

    select
        variants.experiment_id,
        entries.window_no,
        {{ sum_integer('entries.persons') }} as persons
    from {{ ref('int_window_entries') }} as entries
    inner join {{ ref('int_experiment_variants') }} as variants
        on entries.variant_key = variants.variant_key
    group by variants.experiment_id, entries.window_no

),

summed as (

    select
        metric_key,
        window_no,
        {% for sum in ['y', 'd', 'x', 'z', 'yy', 'yd', 'dd'] -%}
        sum({{ sum }}) as {{ sum }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_metric_sums') }}
    group by metric_key, window_no

),

pivoted as (

    select
        windows.*,
        counted.persons,
        {% for letter in 'ydxz' -%}
        coalesce(cast({{ rounded('cast(summed.' ~ letter ~ ' as ' ~ double ~ ') / nullif(counted.persons, 0)') }} as bigint), 0) as pivot_{{ letter }},
        {% endfor -%}
        coalesce(case when windows.metric_kind = 'ratio' then {{ rate('summed.y', 'summed.d') }} end, 0) as ratio,
        {% for sum in ['y', 'd', 'yy', 'yd', 'dd'] -%}
        coalesce(summed.{{ sum }}, 0) as {{ sum }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_metric_windows') }} as windows
    left join counted
        on windows.experiment_id = counted.experiment_id and windows.window_no = counted.window_no
    left join summed
        on windows.metric_key = summed.metric_key and windows.window_no = summed.window_no

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
        (sum_yy + 2 * abs(ratio * sum_yd) + ratio * ratio * sum_dd) * 1e-12 / nullif(persons - 1, 0) as rounding,
        -- and of what differs by less than a 10,000th of its size the cubes, which are shifted as doubles, tell no skewness
        (cast(yy as {{ double }}) + ratio * ratio * cast(dd as {{ double }})) * 1e-8 / nullif(persons, 0) as rounding_of_cubes
    from shifted

)

select
    experiment_id,
    metric_id,
    metric_key,
    metric_window,
    window_no,
    window_us,
    metric_kind,
    scale,
    {% for letter in 'ydxz' -%}
    pivot_{{ letter }},
    {% endfor -%}
    ratio,
    case when variance > rounding and variance > rounding_of_cubes then sqrt(variance) end as skew_unit
from spread
