-- What the metrics of an experiment that nobody has entered yet looked like in the weeks before as_of, in the window of its verdict:
-- sufficient statistics of the people who would have entered it. Sums of whole numbers, shifted by a pivot in the last step.
{% set wide = type_wide_integer() -%}

with persons as (

    select
        persons.experiment_id,
        {{ decision_window('experiments.decision_window_days') }} as metric_window,
        count(*) as persons
    from {{ ref('int_baseline_persons') }} as persons
    inner join {{ ref('cfg_experiments') }} as experiments
        on persons.experiment_id = experiments.experiment_id
    group by persons.experiment_id, experiments.decision_window_days

),

summed as (

    select
        experiment_id,
        metric_id,
        metric_window,
        {% for letter in 'yd' -%}
        sum(cast({{ letter }} as {{ wide }})) as {{ letter }},
        {% endfor -%}
        {% for pair in ['yy', 'dd', 'yd'] -%}
        sum(cast({{ pair[0] }} as {{ wide }}) * {{ pair[1] }}) as {{ pair }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_baseline_values') }}
    group by experiment_id, metric_id, metric_window

),

pivoted as (

    select
        persons.experiment_id,
        metrics.metric_id,
        persons.metric_window,
        {{ metric_kind('metrics.metric_id') }} as metric_kind,
        {{ metric_scale('metrics.metric_id') }} as scale,
        persons.persons,
        {% for letter in 'yd' -%}
        coalesce(cast({{ rounded('cast(summed.' ~ letter ~ ' as ' ~ type_double() ~ ') / persons.persons') }} as bigint), 0) as pivot_{{ letter }},
        {% endfor -%}
        {% for sum in ['y', 'd', 'yy', 'dd', 'yd'] -%}
        coalesce(summed.{{ sum }}, 0) as {{ sum }}{{ ',' if not loop.last }}
        {% endfor %}
    from persons
    inner join {{ ref('int_experiment_metrics') }} as metrics
        on persons.experiment_id = metrics.experiment_id
    left join summed
        on
            persons.experiment_id = summed.experiment_id
            and metrics.metric_id = summed.metric_id
            and persons.metric_window = summed.metric_window
    where
        {{ metric_kind('metrics.metric_id') }} in ('share', 'mean', 'ratio')
        and metrics.metric_id <> 'net_value'
        and {{ has_window('metrics.metric_id', 'persons.metric_window') }}

)

select
    experiment_id,
    metric_id,
    metric_window,
    metric_kind,
    cast({{ number_var('baseline_days', 28) }} as bigint) as baseline_days,
    cast(persons as bigint) as persons,
    {{ in_units('y', 'y') }} as numerator,
    case when metric_kind = 'ratio' then {{ in_units('d', 'd') }} end as denominator,
    {% for letter in 'yd' -%}
    {{ in_units('pivot_' ~ letter, letter) }} as pivot_{{ letter }},
    {% endfor -%}
    {% for moment in ['y', 'd', 'yy', 'dd', 'yd'] -%}
    {{ in_units(shifted_sum(moment), moment) }} as sum_{{ moment }}{{ ',' if not loop.last }}
    {% endfor %}
from pivoted
