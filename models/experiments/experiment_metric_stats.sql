-- Sufficient statistics of every metric, one row per experiment, variant, metric, window and segment. Persons for whom nothing
-- happened count as 0, without a row of their own: their part of every sum is their number times that of (0 - pivot).
with persons as (

    select
        experiment_id,
        variant_id,
        metric_window,
        segment,
        count(*) as persons
    from {{ ref('int_eligible_persons') }}
    group by experiment_id, variant_id, metric_window, segment

),

-- every declared variant has a row for all persons, also where nobody was seen in it
cells as (

    select experiment_id, variant_id, metric_window, segment from persons
    union
    select
        variants.experiment_id,
        variants.variant_id,
        pivots.metric_window,
        'all' as segment
    from {{ ref('cfg_experiment_variants') }} as variants
    inner join (select distinct experiment_id, metric_window from {{ ref('int_metric_pivots') }}) as pivots
        on variants.experiment_id = pivots.experiment_id

),

valued as (

    select
        eligible.experiment_id,
        eligible.variant_id,
        vals.metric_id,
        eligible.metric_window,
        eligible.segment,
        count(*) as persons,
        {% for letter in 'ydxz' -%}
        sum({{ shifted(letter, 'vals.' ~ letter) }}) as {{ letter }},
        {% endfor -%}
        sum({{ cube_in_millionths(deviation('vals.y', 'vals.d')) }}) as cubes,
        {% for pair in moment_pairs() -%}
        sum({{ shifted(pair[0], 'vals.' ~ pair[0]) }} * {{ shifted(pair[1], 'vals.' ~ pair[1]) }}) as {{ pair }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_person_values') }} as vals
    inner join {{ ref('int_eligible_persons') }} as eligible
        on
            vals.experiment_id = eligible.experiment_id
            and vals.person_key = eligible.person_key
            and vals.metric_window = eligible.metric_window
    inner join {{ ref('int_metric_pivots') }} as pivots
        on
            vals.experiment_id = pivots.experiment_id
            and vals.metric_id = pivots.metric_id
            and vals.metric_window = pivots.metric_window
    group by eligible.experiment_id, eligible.variant_id, vals.metric_id, eligible.metric_window, eligible.segment

),

completed as (

    select
        cells.experiment_id,
        cells.variant_id,
        pivots.metric_id,
        cells.metric_window,
        cells.segment,
        pivots.metric_kind,
        pivots.scale,
        pivots.skew_unit,
        coalesce(valued.cubes, 0) as cubes,
        coalesce(persons.persons, 0) as persons,
        coalesce(persons.persons, 0) - coalesce(valued.persons, 0) as persons_at_zero,
        pivots.pivot_y,
        pivots.pivot_d,
        pivots.pivot_x,
        pivots.pivot_z,
        {% for moment in ['y', 'd', 'x', 'z'] + moment_pairs() -%}
        coalesce(valued.{{ moment }}, 0) as {{ moment }}{{ ',' if not loop.last }}
        {% endfor %}
    from cells
    inner join {{ ref('int_metric_pivots') }} as pivots
        on cells.experiment_id = pivots.experiment_id and cells.metric_window = pivots.metric_window
    left join persons
        on
            cells.experiment_id = persons.experiment_id
            and cells.variant_id = persons.variant_id
            and cells.metric_window = persons.metric_window
            and cells.segment = persons.segment
    left join valued
        on
            cells.experiment_id = valued.experiment_id
            and cells.variant_id = valued.variant_id
            and pivots.metric_id = valued.metric_id
            and cells.metric_window = valued.metric_window
            and cells.segment = valued.segment

),

totalled as (

    {{ with_persons_at_zero('completed', ['experiment_id', 'variant_id', 'metric_id', 'metric_window', 'segment', 'metric_kind', 'skew_unit', 'persons_at_zero', 'cubes']) }}

)

select
    experiment_id,
    variant_id,
    metric_id,
    metric_window,
    segment,
    metric_kind,
    {{ statistics_in_units() }},
    {{ skewness_in_units() }}
from totalled
