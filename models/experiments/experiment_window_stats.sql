-- The same persons in two windows: sufficient statistics of the later window (y, d) with the earlier one (x, z) in the place of what
-- came before the exposure, over all persons who have passed the later window.
{% set keys = ['metric_key', 'variant_key', 'window_no', 'earlier_no'] -%}
{% set alone = ['y', 'd', 'yy', 'dd', 'yd'] -%}
{% set day = local_day('now.as_of_us', var('reporting_timezone', 'UTC')) -%}

with pairs as (

    {{ window_pairs() }}

),

persons as (

    select
        variant_key,
        window_no,
        sum(persons) as persons
    from {{ ref('int_window_entries') }}
    group by variant_key, window_no

),

-- both windows' pivots, the earlier one's as that of x and z; every declared variant has a row, also where nobody was seen in it
cells as (

    select
        variants.experiment_id,
        variants.variant_id,
        variants.variant_key,
        later.metric_id,
        later.metric_key,
        later.metric_window,
        later.window_no,
        pairs.earlier_no,
        earlier.metric_window as earlier_window,
        later.metric_kind,
        later.scale,
        later.pivot_y,
        later.pivot_d,
        earlier.pivot_y as pivot_x,
        earlier.pivot_d as pivot_z
    from {{ ref('int_experiment_variants') }} as variants
    inner join {{ ref('int_metric_pivots') }} as later
        on variants.experiment_id = later.experiment_id
    inner join pairs
        on later.window_no = pairs.window_no
    inner join {{ ref('int_metric_pivots') }} as earlier
        on later.metric_key = earlier.metric_key and pairs.earlier_no = earlier.window_no

),

-- persons for whom the later window passes on the day of as_of, and has not by then
edge as (

    select
        figures.*,
        {{ window_has_passed('figures') }} as has_passed
    from (
        {{ paired_figures(ref('int_edge_changes'), '1 = 1') }}
    ) as figures
    cross join {{ ref('as_of') }} as now
    where {{ window_has_passed('figures') }} <> (figures.day <= {{ day }})

),

added as (

    select
        {% for key in keys -%}
        sums.{{ key }},
        {% endfor -%}
        {% for moment in paired_moments() -%}
        sums.{{ moment }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ state_of('int_pair_sums') }} as sums
    cross join {{ ref('as_of') }} as now
    where sums.day <= {{ day }}
    {% for has_passed in [true, false] -%}
    union all
    {{ sums_of_moments('select * from edge where ' ~ ('has_passed' if has_passed else 'not has_passed'), keys, paired_moments(), '' if has_passed else '-') }}
    {%- endfor %}

),

paired as (

    select
        {% for key in keys -%}
        {{ key }},
        {% endfor -%}
        {% for moment in paired_moments() -%}
        sum({{ moment }}) as {{ moment }}{{ ',' if not loop.last }}
        {% endfor %}
    from added
    group by {{ keys | join(', ') }}

),

-- what is of the later window alone
alone as (

    select
        metric_key,
        variant_key,
        window_no,
        {% for moment in alone -%}
        sum({{ moment }}) as {{ moment }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_metric_sums') }}
    group by metric_key, variant_key, window_no

),

totalled as (

    select
        cells.*,
        coalesce(persons.persons, 0) as persons,
        {% for moment in moments() -%}
        coalesce({{ 'alone' if moment in alone else 'paired' }}.{{ moment }}, 0) as {{ moment }}{{ ',' if not loop.last }}
        {% endfor %}
    from cells
    left join persons
        on cells.variant_key = persons.variant_key and cells.window_no = persons.window_no
    left join alone
        on cells.metric_key = alone.metric_key and cells.variant_key = alone.variant_key and cells.window_no = alone.window_no
    left join paired
        on
            cells.metric_key = paired.metric_key
            and cells.variant_key = paired.variant_key
            and cells.window_no = paired.window_no
            and cells.earlier_no = paired.earlier_no

)

select
    experiment_id,
    variant_id,
    metric_id,
    metric_window,
    earlier_window,
    metric_kind,
    {{ statistics_in_units() }}
from totalled
