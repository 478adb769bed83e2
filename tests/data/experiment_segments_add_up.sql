-- Each column of `users` that experiments are cut by holds every person once: persons and numerators of its segments add up to those of all.
with parts as (

    select
        experiment_id,
        variant_id,
        metric_id,
        metric_window,
        {{ dbt.split_part('segment', "'='", 1) }} as segment_column,
        sum(persons) as persons,
        sum(numerator) as numerator
    from {{ ref('experiment_metric_stats') }}
    where segment <> 'all'
    group by experiment_id, variant_id, metric_id, metric_window, {{ dbt.split_part('segment', "'='", 1) }}

),

segment_columns as (

    {% for column in segment_columns() -%}
    select {{ literal(column) }} as segment_column
    {{ 'union all ' if not loop.last }}
    {%- else -%}
    select cast(null as {{ dbt.type_string() }}) as segment_column where 1 = 0
    {%- endfor %}

)

select
    wholes.experiment_id,
    wholes.variant_id,
    wholes.metric_id,
    wholes.metric_window,
    segment_columns.segment_column,
    wholes.persons,
    parts.persons as persons_of_segments,
    wholes.numerator,
    parts.numerator as numerator_of_segments
from {{ ref('experiment_metric_stats') }} as wholes
cross join segment_columns
left join parts
    on
        wholes.experiment_id = parts.experiment_id
        and wholes.variant_id = parts.variant_id
        and wholes.metric_id = parts.metric_id
        and wholes.metric_window = parts.metric_window
        and segment_columns.segment_column = parts.segment_column
where
    wholes.segment = 'all'
    and (
        coalesce(parts.persons, 0) <> wholes.persons
        or abs(coalesce(parts.numerator, 0) - coalesce(wholes.numerator, 0)) > 1e-9 * (1 + abs(coalesce(wholes.numerator, 0)))
    )
