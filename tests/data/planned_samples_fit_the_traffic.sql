-- An experiment that is not over gets its planned sample in its planned dates, at the traffic it has, or at that of the weeks before it.
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

planned as (

    select
        experiments.experiment_id,
        experiments.started_on,
        experiments.ended_on,
        experiments.planned_sample_per_variant,
        experiments.planned_sample_per_variant / smallest_shares.share as persons_needed,
        case
            when exposed.persons > 0
                then cast(exposed.persons as {{ type_double() }}) / ({{ dbt.datediff('experiments.started_on', 'now.as_of', 'day') }} + 1)
            else cast(pseudo.persons as {{ type_double() }}) / pseudo.days
        end as persons_per_day
    from {{ ref('cfg_experiments') }} as experiments
    cross join {{ ref('as_of') }} as now
    inner join smallest_shares on experiments.experiment_id = smallest_shares.experiment_id
    left join exposed on experiments.experiment_id = exposed.experiment_id
    left join pseudo on experiments.experiment_id = pseudo.experiment_id
    where
        experiments.ended_on is not null
        and cast(now.as_of as date) <= experiments.ended_on
        and smallest_shares.share > 0

),

dated as (

    select
        *,
        case
            when persons_per_day > 0 and persons_needed / persons_per_day < 36500
                then cast({{ dbt.dateadd('day', 'cast(ceil(persons_needed / persons_per_day) as integer) - 1', 'started_on') }} as date)
        end as would_be_in_on
    from planned
    where planned_sample_per_variant is not null

)

select
    experiment_id,
    ended_on,
    planned_sample_per_variant,
    persons_per_day,
    would_be_in_on
from dated
where would_be_in_on is null or would_be_in_on > ended_on
{%- endset -%}
{%- if execute and flags.WHICH in ('build', 'test') -%}
    {%- for row in run_query(late ~ ' order by experiment_id').rows -%}
        {%- set when = ', for nobody has been seen who would enter it.' if not row[3]
            else ', nor within a year after it at that traffic.' if not row[4] or (row[4] - row[1]).days > 365
            else ', at that traffic it would be on ' ~ row[4] ~ '.' -%}
        {%- do log(
            seed_file('experiments') ~ ', experiment_id=' ~ row[0] ~ ': the planned sample of ' ~ row[2] ~ ' a variant is not in by ' ~ row[1] ~ when, info=true
        ) -%}
    {%- endfor -%}
{%- endif -%}
{{ late }}
