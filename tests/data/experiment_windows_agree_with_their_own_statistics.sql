-- Over the persons who have passed the later window, its sums are those of experiment_metric_stats, exactly.
{% set figures = ['persons', 'numerator', 'pivot_y', 'pivot_d', 'sum_y', 'sum_d', 'sum_yy', 'sum_dd', 'sum_yd'] -%}
select
    pairs.experiment_id,
    pairs.variant_id,
    pairs.metric_id,
    pairs.metric_window,
    pairs.earlier_window
from {{ ref('experiment_window_stats') }} as pairs
left join {{ ref('experiment_metric_stats') }} as stats
    on
        pairs.experiment_id = stats.experiment_id
        and pairs.variant_id = stats.variant_id
        and pairs.metric_id = stats.metric_id
        and pairs.metric_window = stats.metric_window
        and stats.segment = 'all'
where
    stats.persons is null
    {%- for figure in figures %}
    or pairs.{{ figure }} <> stats.{{ figure }}
    {%- endfor %}
