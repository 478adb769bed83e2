-- The windows of each metric that is counted, shortest first, and what its whole numbers are.
with windows as (

    {% for window, days in metric_windows().items() -%}
    select
        '{{ window }}' as metric_window,
        {{ loop.index }} as window_no,
        cast({{ days_us(days) if days is not none else 'null' }} as bigint) as window_us
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    metrics.experiment_id,
    metrics.metric_id,
    metrics.metric_key,
    windows.metric_window,
    windows.window_no,
    windows.window_us,
    {{ metric_kind('metrics.metric_id') }} as metric_kind,
    {{ metric_scale('metrics.metric_id') }} as scale
from {{ ref('int_experiment_metrics') }} as metrics
cross join windows
where {{ metric_kind('metrics.metric_id') }} in ('share', 'mean', 'ratio') and {{ has_window('metrics.metric_id', 'windows.metric_window') }}
