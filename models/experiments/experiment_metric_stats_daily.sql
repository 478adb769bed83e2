-- experiment_metric_stats as it would have stood at the end of each day, with the same pivots: the running sums of what each day
-- changed. The last day is as at as_of.
{% set by_day = 'partition by cells.metric_key, cells.variant_key, cells.window_no order by cells.day rows between unbounded preceding and current row' -%}

with cells as (

    select
        pivots.experiment_id,
        variants.variant_id,
        variants.variant_key,
        days.day,
        pivots.metric_id,
        pivots.metric_key,
        pivots.metric_window,
        pivots.window_no,
        pivots.metric_kind,
        pivots.scale,
        pivots.skew_unit,
        pivots.ratio,
        {% for letter in 'ydxz' -%}
        pivots.pivot_{{ letter }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_experiment_days') }} as days
    inner join {{ ref('int_experiment_variants') }} as variants
        on days.experiment_id = variants.experiment_id
    inner join {{ ref('int_metric_pivots') }} as pivots
        on days.experiment_id = pivots.experiment_id

),

running as (

    select
        cells.*,
        sum(coalesce(entries.persons, 0)) over ({{ by_day }}) as persons,
        {% for moment in all_moments() -%}
        sum(coalesce(sums.{{ moment }}, 0)) over ({{ by_day }}) as {{ moment }}{{ ',' if not loop.last }}
        {% endfor %}
    from cells
    left join {{ ref('int_window_entries') }} as entries
        on
            cells.variant_key = entries.variant_key
            and cells.window_no = entries.window_no
            and cells.day = entries.day
    left join {{ ref('int_metric_sums') }} as sums
        on
            cells.metric_key = sums.metric_key
            and cells.variant_key = sums.variant_key
            and cells.window_no = sums.window_no
            and cells.day = sums.day

)

select
    experiment_id,
    variant_id,
    metric_id,
    metric_window,
    metric_kind,
    day,
    {{ statistics_in_units() }},
    {{ skewness_in_units() }}
from running
