-- The same persons in two windows: sufficient statistics of the later window (y, d) with the earlier one (x, z) in the place of what
-- came before the exposure, over all persons who have passed the later window.
{{ mart_by('experiment') }}
-- depends_on: {{ ref('int_experiment_metrics') }}
{% set fixed = fixed_windows() -%}

with pairs as (

    {{ window_pairs() }}

),

-- each person's values in every window side by side; whoever has nothing in any has no row, and is at 0
valued as (

    select
        metric_key,
        variant_key,
        person_key,
        exposed_us,
        {% for window in fixed -%}
        {% set outer = loop -%}
        {% for letter in 'yd' -%}
        max(case when window_no = {{ outer.index }} then {{ letter }} end) as {{ letter }}_{{ window }}{{ ',' if not (loop.last and outer.last) }}
        {% endfor -%}
        {% endfor %}
    from {{ ref('int_person_changes') }}
    where
        is_last and window_no <= {{ fixed | length }}
        {%- if builds_increment() %}
        and metric_key in (select metric_key from {{ ref('int_experiment_metrics') }} where experiment_id in {{ touched('experiment') }})
        {%- endif %}
    group by metric_key, variant_key, person_key, exposed_us

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
        later.window_us,
        pairs.earlier_window,
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
        on later.metric_window = pairs.metric_window
    inner join {{ ref('int_metric_pivots') }} as earlier
        on later.metric_key = earlier.metric_key and pairs.earlier_window = earlier.metric_window
    where {{ is_touched('variants.experiment_id', 'experiment') }}

),

paired as (

    select
        cells.metric_key,
        cells.variant_key,
        cells.metric_window,
        cells.earlier_window,
        {% for letter, of, place in [('y', 'y', 'metric'), ('d', 'd', 'metric'), ('x', 'y', 'earlier'), ('z', 'd', 'earlier')] -%}
        cast(coalesce(case cells.{{ place }}_window {% for window in fixed %}when '{{ window }}' then valued.{{ of }}_{{ window }} {% endfor %}end, 0) as {{ type_wide_integer() }}) as {{ letter }}{{ ',' if not loop.last }}
        {% endfor %}
    from valued
    inner join cells
        on valued.metric_key = cells.metric_key and valued.variant_key = cells.variant_key
    cross join {{ ref('as_of') }} as now
    where valued.exposed_us + cells.window_us <= now.as_of_us

),

summed as (

    select
        metric_key,
        variant_key,
        metric_window,
        earlier_window,
        {% for moment in moments() -%}
        sum({{ moment | join(' * ') }}) as {{ moment }}{{ ',' if not loop.last }}
        {% endfor %}
    from paired
    group by metric_key, variant_key, metric_window, earlier_window

),

totalled as (

    select
        cells.*,
        coalesce(persons.persons, 0) as persons,
        {% for moment in moments() -%}
        coalesce(summed.{{ moment }}, 0) as {{ moment }}{{ ',' if not loop.last }}
        {% endfor %}
    from cells
    left join persons
        on cells.variant_key = persons.variant_key and cells.window_no = persons.window_no
    left join summed
        on
            cells.metric_key = summed.metric_key
            and cells.variant_key = summed.variant_key
            and cells.metric_window = summed.metric_window
            and cells.earlier_window = summed.earlier_window

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
