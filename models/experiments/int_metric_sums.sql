-- What a day changes in the sums of a metric over the persons of a variant who are in the window by as_of: first, second and third moments of
-- whole numbers. What becomes known after the last day there is counts on it.
{% set keys = ['metric_key', 'variant_key', 'window_no', 'day'] -%}
{% set day = local_day('now.as_of_us', var('reporting_timezone', 'UTC')) -%}

with edge as (

    select
        changes.metric_key,
        changes.variant_key,
        changes.window_no,
        changes.is_first,
        {% for figure in ['y', 'd', 'x', 'z', 'y_before', 'd_before'] -%}
        changes.{{ figure }},
        {% endfor -%}
        least(changes.day, {{ day }}) as day,
        {{ window_has_passed('changes') }} as has_passed
    from {{ ref('int_edge_changes') }} as changes
    cross join {{ ref('as_of') }} as now
    where {{ window_has_passed('changes') }} <> (changes.day <= {{ day }})

),

added as (

    select
        {% for key in keys -%}
        sums.{{ key }},
        {% endfor -%}
        {% for moment in all_moments() -%}
        sums.{{ moment }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ state_of('int_change_sums') }} as sums
    cross join {{ ref('as_of') }} as now
    where sums.day <= {{ day }}
    {% for has_passed in [true, false] -%}
    {% for is_after in [true, false] -%}
    union all
    {{ sums_of_moments(
        changed_figures('edge', 'has_passed' if has_passed else 'not has_passed', is_after), keys, all_moments(), '' if has_passed == is_after else '-'
    ) }}
    {% endfor %}
    {%- endfor %}

)

select
    {% for key in keys -%}
    {{ key }},
    {% endfor -%}
    {% for moment in all_moments() -%}
    sum({{ moment }}) as {{ moment }}{{ ',' if not loop.last }}
    {% endfor %}
from added
group by {{ keys | join(', ') }}
