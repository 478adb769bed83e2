-- An experiment that is not over gets its planned sample in its planned dates, at the traffic it has, or at that of the weeks before it.
-- The sample of a time counts cases, so its persons are taken with the cases that they bring in the window of the verdict.
-- Warns, with the day on which the sample would be in, where that is near.
{{ config(severity='warn') }}
{%- set late %}
with smallest_shares as (

    select
        experiment_id,
        min(expected_share) as share
    from {{ ref('cfg_experiment_variants') }}
    group by experiment_id

),

exposed as (

    select
        experiment_id,
        sum(exposed) as persons
    from {{ ref('experiment_traffic') }}
    group by experiment_id

),

pseudo as (

    select
        experiment_id,
        max(persons) as persons,
        max(baseline_days) as days
    from {{ ref('experiment_baselines') }}
    group by experiment_id

),

primaries as (

    select
        metrics.experiment_id,
        metrics.metric_id,
        catalog.kind,
        {{ decision_window('experiments.decision_window_days') }} as metric_window
    from {{ ref('cfg_experiment_metrics') }} as metrics
    inner join {{ ref('cfg_experiments') }} as experiments on metrics.experiment_id = experiments.experiment_id
    inner join {{ ref('metric_catalog') }} as catalog on metrics.metric_id = catalog.metric_id
    where metrics.role = 'primary'

),

watched as (

    select
        experiment_id,
        metric_window,
        sum(persons) as persons
    from (
        select
            experiment_id,
            metric_window,
            variant_id,
            max(persons) as persons
        from {{ ref('experiment_metric_stats') }}
        where segment = 'all'
        group by experiment_id, metric_window, variant_id
    ) as variants
    where persons > 0
    group by experiment_id, metric_window

),

cases as (

    select
        experiment_id,
        metric_id,
        metric_window,
        sum(events + censored) as cases
    from {{ ref('experiment_life_tables') }}
    where segment = 'all'
    group by experiment_id, metric_id, metric_window
    union all
    select
        experiment_id,
        metric_id,
        metric_window,
        sum(events + censored) as cases
    from {{ ref('experiment_baseline_life_tables') }}
    group by experiment_id, metric_id, metric_window

),

-- Whoever has entered an experiment gives it figures of its own, and before that it has a baseline: never both.
units as (

    select
        primaries.experiment_id,
        case
            when primaries.kind <> 'time' then 1
            else cast(coalesce(cases.cases, 0) as {{ type_double() }}) / coalesce(watched.persons, pseudo.persons)
        end as per_person
    from primaries
    left join watched on primaries.experiment_id = watched.experiment_id and primaries.metric_window = watched.metric_window
    left join pseudo on primaries.experiment_id = pseudo.experiment_id
    left join cases
        on
            primaries.experiment_id = cases.experiment_id
            and primaries.metric_id = cases.metric_id
            and primaries.metric_window = cases.metric_window

),

planned as (

    select
        experiments.experiment_id,
        experiments.started_on,
        experiments.ended_on,
        experiments.planned_sample_per_variant,
        experiments.planned_sample_per_variant / smallest_shares.share as units_needed,
        units.per_person * case
            when exposed.persons > 0
                then cast(exposed.persons as {{ type_double() }}) / ({{ dbt.datediff('experiments.started_on', 'now.local_as_of', 'day') }} + 1)
            else cast(pseudo.persons as {{ type_double() }}) / pseudo.days
        end as units_per_day
    from {{ ref('cfg_experiments') }} as experiments
    cross join {{ ref('as_of') }} as now
    inner join smallest_shares on experiments.experiment_id = smallest_shares.experiment_id
    left join exposed on experiments.experiment_id = exposed.experiment_id
    left join pseudo on experiments.experiment_id = pseudo.experiment_id
    left join units on experiments.experiment_id = units.experiment_id
    where
        experiments.ended_on is not null
        and cast(now.local_as_of as date) <= experiments.ended_on
        and smallest_shares.share > 0
        -- nobody knows yet how many cases they bring
        and (units.per_person is not null or exposed.persons is null or exposed.persons = 0)

),

dated as (

    select
        *,
        case
            when units_per_day > 0 and units_needed / units_per_day < 36500
                then cast({{ dbt.dateadd('day', 'cast(ceil(units_needed / units_per_day) as integer) - 1', 'started_on') }} as date)
        end as would_be_in_on
    from planned
    where planned_sample_per_variant is not null

)

select
    experiment_id,
    ended_on,
    planned_sample_per_variant,
    units_per_day,
    would_be_in_on
from dated
where would_be_in_on is null or would_be_in_on > ended_on
{%- endset -%}
{%- if execute and flags.WHICH in ('build', 'test') -%}
    {%- for row in run_query(late ~ ' order by experiment_id').rows -%}
        {%- set when = ', for nobody has been seen who would enter it, or bring it a case.' if not row[3]
            else ', nor within a year after it at that traffic.' if not row[4] or (row[4] - row[1]).days > 365
            else ', at that traffic it would be on ' ~ row[4] ~ '.' -%}
        {%- do log(
            seed_file('experiments') ~ ', experiment_id=' ~ row[0] ~ ': the planned sample of ' ~ row[2] ~ ' a variant is not in by ' ~ row[1] ~ when, info=true
        ) -%}
    {%- endfor -%}
{%- endif -%}
{{ late }}
