-- Sufficient statistics of every metric, one row per experiment, variant, metric, window and segment. Persons for whom nothing
-- happened have no row of their own; they count among the persons, at 0.
-- depends_on: {{ ref('int_compared_persons') }}, {{ ref('int_person_changes') }}, {{ ref('stg_users') }}, {{ ref('int_person_keys') }}, {{ ref('as_of') }}
{% set has_segments = segment_columns() -%}

with {% if has_segments -%}
segments as (
    {{ person_segments() }}
),

{% endif -%}
persons as (

    select
        variant_key,
        window_no,
        'all' as segment,
        sum(persons) as persons
    from {{ ref('int_window_entries') }}
    group by variant_key, window_no
    {%- if has_segments %}
    union all
    {{ segment_entries() }}
    {%- endif %}

),

-- every declared variant has a row for all persons, also where nobody was seen in it
cells as (

    select variant_key, window_no, segment from persons
    union
    select
        variants.variant_key,
        pivots.window_no,
        'all' as segment
    from {{ ref('int_experiment_variants') }} as variants
    inner join {{ ref('int_metric_pivots') }} as pivots
        on variants.experiment_id = pivots.experiment_id

),

summed as (

    select
        metric_key,
        variant_key,
        window_no,
        'all' as segment,
        {% for moment in all_moments() -%}
        sum({{ moment }}) as {{ moment }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_metric_sums') }}
    group by metric_key, variant_key, window_no
    {%- if has_segments %}
    union all
    {{ segment_sums() }}
    {%- endif %}

),

totalled as (

    select
        variants.experiment_id,
        variants.variant_id,
        cells.segment,
        pivots.metric_id,
        pivots.metric_window,
        pivots.metric_kind,
        pivots.scale,
        pivots.skew_unit,
        pivots.ratio,
        {% for letter in 'ydxz' -%}
        pivots.pivot_{{ letter }},
        {% endfor -%}
        {% for moment in all_moments() -%}
        coalesce(summed.{{ moment }}, 0) as {{ moment }},
        {% endfor -%}
        coalesce(persons.persons, 0) as persons
    from cells
    inner join {{ ref('int_experiment_variants') }} as variants
        on cells.variant_key = variants.variant_key
    inner join {{ ref('int_metric_pivots') }} as pivots
        on variants.experiment_id = pivots.experiment_id and cells.window_no = pivots.window_no
    left join persons
        on cells.variant_key = persons.variant_key and cells.window_no = persons.window_no and cells.segment = persons.segment
    left join summed
        on
            pivots.metric_key = summed.metric_key
            and cells.variant_key = summed.variant_key
            and cells.window_no = summed.window_no
            and cells.segment = summed.segment

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
