-- The same persons in two windows: sufficient statistics of the later window (y, d) with the earlier one (x, z) in the place of what
-- came before the exposure, over all persons who have passed the later window.
with pairs as (

    {{ window_pairs() }}

),

persons as (

    select
        experiment_id,
        variant_id,
        metric_window,
        count(*) as persons
    from {{ ref('int_eligible_persons') }}
    where segment = 'all'
    group by experiment_id, variant_id, metric_window

),

-- both windows' pivots, the earlier one's as that of x and z; every declared variant has a row, also where nobody was seen in it
cells as (

    select
        variants.experiment_id,
        variants.variant_id,
        later.metric_id,
        later.metric_window,
        pairs.earlier_window,
        later.metric_kind,
        later.scale,
        later.pivot_y,
        later.pivot_d,
        earlier.pivot_y as pivot_x,
        earlier.pivot_d as pivot_z
    from {{ ref('cfg_experiment_variants') }} as variants
    inner join {{ ref('int_metric_pivots') }} as later
        on variants.experiment_id = later.experiment_id
    inner join pairs
        on later.metric_window = pairs.metric_window
    inner join {{ ref('int_metric_pivots') }} as earlier
        on
            later.experiment_id = earlier.experiment_id
            and later.metric_id = earlier.metric_id
            and pairs.earlier_window = earlier.metric_window

),

summed as (

    select
        cells.experiment_id,
        cells.variant_id,
        cells.metric_id,
        cells.metric_window,
        cells.earlier_window,
        count(*) as persons,
        {% for letter in 'ydxz' -%}
        sum({{ shifted(letter, 'valued.' ~ letter) }}) as {{ letter }},
        {% endfor -%}
        {% for pair in moment_pairs() -%}
        sum({{ shifted(pair[0], 'valued.' ~ pair[0]) }} * {{ shifted(pair[1], 'valued.' ~ pair[1]) }}) as {{ pair }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_window_values') }} as valued
    inner join cells
        on
            valued.experiment_id = cells.experiment_id
            and valued.variant_id = cells.variant_id
            and valued.metric_id = cells.metric_id
            and valued.metric_window = cells.metric_window
            and valued.earlier_window = cells.earlier_window
    group by cells.experiment_id, cells.variant_id, cells.metric_id, cells.metric_window, cells.earlier_window

),

completed as (

    select
        cells.*,
        coalesce(persons.persons, 0) as persons,
        coalesce(persons.persons, 0) - coalesce(summed.persons, 0) as persons_at_zero,
        {% for moment in ['y', 'd', 'x', 'z'] + moment_pairs() -%}
        coalesce(summed.{{ moment }}, 0) as {{ moment }}{{ ',' if not loop.last }}
        {% endfor %}
    from cells
    left join persons
        on
            cells.experiment_id = persons.experiment_id
            and cells.variant_id = persons.variant_id
            and cells.metric_window = persons.metric_window
    left join summed
        on
            cells.experiment_id = summed.experiment_id
            and cells.variant_id = summed.variant_id
            and cells.metric_id = summed.metric_id
            and cells.metric_window = summed.metric_window
            and cells.earlier_window = summed.earlier_window

),

totalled as (

    {{ with_persons_at_zero('completed', ['experiment_id', 'variant_id', 'metric_id', 'metric_window', 'earlier_window', 'metric_kind']) }}

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
