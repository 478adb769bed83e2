-- The rounded overall mean of each metric and window, over all variants together.
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
        sum(cast(vals.{{ letter }} as {{ type_wide_integer() }})) as {{ letter }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_person_values') }} as vals
    inner join {{ ref('int_eligible_persons') }} as persons
        on
            vals.experiment_id = persons.experiment_id
            and vals.person_key = persons.person_key
            and vals.metric_window = persons.metric_window
    where persons.segment = 'all'
    group by persons.experiment_id, vals.metric_id, persons.metric_window

)

select
    metrics.experiment_id,
    metrics.metric_id,
    windows.metric_window,
    {{ metric_kind('metrics.metric_id') }} as metric_kind,
    {{ metric_scale('metrics.metric_id') }} as scale,
    {% for letter in 'ydxz' -%}
    coalesce(cast({{ rounded('cast(summed.' ~ letter ~ ' as ' ~ type_double() ~ ') / nullif(counted.persons, 0)') }} as bigint), 0) as pivot_{{ letter }}{{ ',' if not loop.last }}
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
where {{ metric_kind('metrics.metric_id') }} in ('share', 'mean', 'ratio')
