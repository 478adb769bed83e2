{# Each person's values for each metric that is counted, and window, from activity with its age. #}
{% macro counted_values(activity) %}
{% set windows = metric_windows() -%}

with summed as (

    select
        experiment_id,
        metric_id,
        person_key,
        {% for window, days in windows.items() -%}
        {% set in_window = is_in_window(window, days) -%}
        sum(case when {{ in_window }}{% if days is not none %} and numerator_age_us < {{ days_us(days) }}{% endif %} then y else 0 end) as y_{{ window }},
        sum(case when {{ in_window }} then d else 0 end) as d_{{ window }},
        {% endfor -%}
        sum(case when age_us < 0 and numerator_age_us < 0 then y else 0 end) as x,
        sum(case when age_us < 0 then d else 0 end) as z
    from {{ activity }}
    group by experiment_id, metric_id, person_key

),

windowed as (

    {% for window in windows -%}
    select
        experiment_id,
        metric_id,
        person_key,
        '{{ window }}' as metric_window,
        y_{{ window }} as y,
        d_{{ window }} as d,
        x,
        z
    from summed
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    experiment_id,
    metric_id,
    person_key,
    metric_window,
    cast({{ person_value('y', 'metric_id') }} as bigint) as y,
    cast(d as bigint) as d,
    cast({{ person_value('x', 'metric_id') }} as bigint) as x,
    cast(z as bigint) as z
from windowed
where (y <> 0 or d <> 0 or x <> 0 or z <> 0) and {{ has_window('metric_id', 'metric_window') }}
{% endmacro %}
