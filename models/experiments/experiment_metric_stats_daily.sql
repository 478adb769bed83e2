-- experiment_metric_stats as it would have stood at the end of each day, with the same pivots. Every change of a person's values
-- adds the difference it makes, so that a day's statistics are a running sum; the last day is as at as_of.
{% set timezone = var('reporting_timezone', 'UTC') -%}

with entries as (

    select
        eligible.experiment_id,
        eligible.variant_id,
        eligible.metric_window,
        {{ local_day('least(eligible.enters_us, now.as_of_us)', timezone) }} as day,
        count(*) as persons
    from {{ ref('int_eligible_persons') }} as eligible
    cross join {{ ref('as_of') }} as now
    where eligible.segment = 'all'
    group by eligible.experiment_id, eligible.variant_id, eligible.metric_window, {{ local_day('least(eligible.enters_us, now.as_of_us)', timezone) }}

),

differences as (

    select
        changes.experiment_id,
        changes.variant_id,
        changes.metric_id,
        changes.metric_window,
        changes.day,
        sum(changes.entries) as entries,
        {% for letter in 'yd' -%}
        sum(case when changes.entries = 1 then {{ shifted(letter, 'changes.' ~ letter) }} else changes.{{ letter }} - changes.{{ letter }}_before end) as {{ letter }},
        {% endfor -%}
        {% for letter in 'xz' -%}
        sum(case when changes.entries = 1 then {{ shifted(letter, 'changes.' ~ letter) }} else 0 end) as {{ letter }},
        {% endfor -%}
        {% for pair in moment_pairs() -%}
        sum(
            {{ shifted(pair[0], 'changes.' ~ pair[0]) }} * {{ shifted(pair[1], 'changes.' ~ pair[1]) }}
            - case when changes.entries = 1 then 0 else {{ shifted(pair[0], 'changes.' ~ pair[0] ~ ('_before' if pair[0] in 'yd' else '')) }} * {{ shifted(pair[1], 'changes.' ~ pair[1] ~ ('_before' if pair[1] in 'yd' else '')) }} end
        ) as {{ pair }},
        {% endfor -%}
        sum(
            {{ cube_in_millionths(deviation('changes.y', 'changes.d')) }}
            - case when changes.entries = 1 then 0 else {{ cube_in_millionths(deviation('changes.y_before', 'changes.d_before')) }} end
        ) as cubes
    from {{ ref('int_person_changes') }} as changes
    inner join {{ ref('int_metric_pivots') }} as pivots
        on
            changes.experiment_id = pivots.experiment_id
            and changes.metric_id = pivots.metric_id
            and changes.metric_window = pivots.metric_window
    group by changes.experiment_id, changes.variant_id, changes.metric_id, changes.metric_window, changes.day

),

cells as (

    select
        days.experiment_id,
        variants.variant_id,
        pivots.metric_id,
        pivots.metric_window,
        pivots.metric_kind,
        pivots.scale,
        days.day,
        pivots.pivot_y,
        pivots.pivot_d,
        pivots.pivot_x,
        pivots.pivot_z,
        pivots.skew_unit
    from {{ ref('int_experiment_days') }} as days
    inner join {{ ref('cfg_experiment_variants') }} as variants
        on days.experiment_id = variants.experiment_id
    inner join {{ ref('int_metric_pivots') }} as pivots
        on days.experiment_id = pivots.experiment_id

),

running as (

    select
        cells.*,
        {% set by_day = 'partition by cells.experiment_id, cells.variant_id, cells.metric_id, cells.metric_window order by cells.day rows between unbounded preceding and current row' -%}
        sum(coalesce(entries.persons, 0)) over ({{ by_day }}) as persons,
        sum(coalesce(entries.persons, 0) - coalesce(differences.entries, 0)) over ({{ by_day }}) as persons_at_zero,
        {% for moment in ['y', 'd', 'x', 'z'] + moment_pairs() -%}
        sum(coalesce(differences.{{ moment }}, 0)) over ({{ by_day }}) as {{ moment }},
        {% endfor -%}
        sum(coalesce(differences.cubes, 0)) over ({{ by_day }}) as cubes
    from cells
    left join entries
        on
            cells.experiment_id = entries.experiment_id
            and cells.variant_id = entries.variant_id
            and cells.metric_window = entries.metric_window
            and cells.day = entries.day
    left join differences
        on
            cells.experiment_id = differences.experiment_id
            and cells.variant_id = differences.variant_id
            and cells.metric_id = differences.metric_id
            and cells.metric_window = differences.metric_window
            and cells.day = differences.day

),

totalled as (

    {{ with_persons_at_zero('running', ['experiment_id', 'variant_id', 'metric_id', 'metric_window', 'day', 'metric_kind', 'skew_unit', 'persons_at_zero', 'cubes']) }}

)

select
    experiment_id,
    variant_id,
    metric_id,
    metric_window,
    metric_kind,
    day,
    {{ statistics_in_units() }},
    {{ skewness_in_units() }}
from totalled
