-- What a day changes in the sums of a metric over the persons of a variant: first and second moments of whole numbers, of those who are
-- in the window by as_of. What becomes known after the last day there is counts on it. Products of numbers of 32 bits fit into the plain
-- integer, which is several times faster to add up than the wide one: larger numbers go a way of their own.
{{ built_by_metric() }}
{% set figures = ['y', 'd', 'x', 'z', 'y_before', 'd_before'] -%}
{% set condition = is_touched_metric('changes.metric_key') -%}

with summed as (

    {% for is_small in [true, false] -%}
    select
        metric_key,
        variant_key,
        window_no,
        day,
        {{ sum_wide('y - y_before') }} as y,
        {{ sum_wide('d - d_before') }} as d,
        {% for pair in ['yy', 'dd', 'yd'] -%}
        {{ sum_wide(pair[0] ~ ' * ' ~ pair[1] ~ ' - ' ~ pair[0] ~ '_before * ' ~ pair[1] ~ '_before') }} as {{ pair }},
        {% endfor -%}
        {% for pair in ['yx', 'yz', 'dx', 'dz'] -%}
        {{ sum_wide('(' ~ pair[0] ~ ' - ' ~ pair[0] ~ '_before) * ' ~ pair[1]) }} as {{ pair }},
        {% endfor -%}
        -- what was before the exposure comes with the first row, and stays
        {% for moment in ['x', 'z', 'xx', 'zz', 'xz'] -%}
        {{ sum_wide('case when is_first then ' ~ moment | join(' * ') ~ ' else 0 end') }} as {{ moment }}{{ ',' if not loop.last }}
        {% endfor %}
    from (
        select
            changes.metric_key,
            changes.variant_key,
            changes.window_no,
            least(changes.day, {{ local_day('now.as_of_us', var('reporting_timezone', 'UTC')) }}) as day,
            changes.is_first,
            {% for figure in figures -%}
            {{ 'changes.' ~ figure if is_small else 'cast(changes.' ~ figure ~ ' as ' ~ type_wide_integer() ~ ')' }} as {{ figure }}{{ ',' if not loop.last }}
            {% endfor %}
        from {{ ref('int_person_changes') }} as changes
        inner join {{ ref('int_metric_windows') }} as windows
            on changes.metric_key = windows.metric_key and changes.window_no = windows.window_no
        cross join {{ ref('as_of') }} as now
        where
            (windows.window_us is null or changes.exposed_us + windows.window_us <= now.as_of_us)
            and {{ condition }}
            and {{ 'not ' if not is_small }}(
                {%- for figure in figures %}
                {{ 'and ' if not loop.first }}changes.{{ figure }} between -2147483647 and 2147483647
                {%- endfor %}
            )
    ) as changes
    group by metric_key, variant_key, window_no, day
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    metric_key,
    variant_key,
    window_no,
    day,
    {% for moment in moments() -%}
    sum({{ moment }}) as {{ moment }}{{ ',' if not loop.last }}
    {% endfor %}
from summed
group by metric_key, variant_key, window_no, day
