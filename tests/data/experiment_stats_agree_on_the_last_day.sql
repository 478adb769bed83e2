-- The last day of the daily statistics is as at as_of: it equals the statistics of all persons, in every column, exactly.
{% set figures = ['persons', 'numerator', 'denominator', 'pivot_y', 'pivot_d', 'pivot_x', 'pivot_z', 'sum_y', 'sum_d', 'sum_x', 'sum_z', 'skew_unit', 'sum_cubes'] -%}
{% for pair in moment_pairs() %}{% do figures.append('sum_' ~ pair) %}{% endfor -%}
{% set columns = ['experiment_id', 'variant_id', 'metric_id', 'metric_window', 'metric_kind'] + figures -%}

with days as (

    select
        experiment_id,
        max(day) as last_day
    from {{ ref('experiment_metric_stats_daily') }}
    group by experiment_id

),

last_days as (

    select
        {% for column in columns -%}
        daily.{{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('experiment_metric_stats_daily') }} as daily
    inner join days
        on daily.experiment_id = days.experiment_id and daily.day = days.last_day

),

-- an experiment that has not begun by as_of has no days
overall as (

    select
        {% for column in columns -%}
        stats.{{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('experiment_metric_stats') }} as stats
    inner join days
        on stats.experiment_id = days.experiment_id
    where stats.segment = 'all'

),

missing as (

    select * from overall
    except
    select * from last_days

),

surplus as (

    select * from last_days
    except
    select * from overall

)

select * from missing
union all
select * from surplus
