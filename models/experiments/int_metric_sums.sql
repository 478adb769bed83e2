-- What a day changes in the sums of a metric over the persons of a variant: first and second moments of whole numbers, of those who are
-- in the window by as_of. What becomes known after the last day there is counts on it.
{{ built_by_metric() }}
{% set timezone = var('reporting_timezone', 'UTC') -%}

with changes as (

    select
        changes.metric_key,
        changes.variant_key,
        changes.window_no,
        least(changes.day, {{ local_day('now.as_of_us', timezone) }}) as day,
        changes.is_first,
        {% for figure in ['y', 'd', 'x', 'z', 'y_before', 'd_before'] -%}
        cast(changes.{{ figure }} as {{ type_wide_integer() }}) as {{ figure }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_person_changes') }} as changes
    inner join {{ ref('int_metric_windows') }} as windows
        on changes.metric_key = windows.metric_key and changes.window_no = windows.window_no
    cross join {{ ref('as_of') }} as now
    where
        (windows.window_us is null or changes.exposed_us + windows.window_us <= now.as_of_us)
        and {{ is_touched_metric('changes.metric_key') }}

)

select
    metric_key,
    variant_key,
    window_no,
    day,
    sum(y - y_before) as y,
    sum(d - d_before) as d,
    sum((y - y_before) * (y + y_before)) as yy,
    sum((d - d_before) * (d + d_before)) as dd,
    sum(y * d - y_before * d_before) as yd,
    {% for pair in ['yx', 'yz', 'dx', 'dz'] -%}
    sum(({{ pair[0] }} - {{ pair[0] }}_before) * {{ pair[1] }}) as {{ pair }},
    {% endfor -%}
    -- what was before the exposure comes with the first row, and stays
    {% for letter in 'xz' -%}
    sum(case when is_first then {{ letter }} else 0 end) as {{ letter }},
    {% endfor -%}
    {% for pair in ['xx', 'zz', 'xz'] -%}
    sum(case when is_first then {{ pair[0] }} * {{ pair[1] }} else 0 end) as {{ pair }}{{ ',' if not loop.last }}
    {% endfor %}
from changes
group by metric_key, variant_key, window_no, day
