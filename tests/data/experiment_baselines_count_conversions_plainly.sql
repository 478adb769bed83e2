-- The baseline of `conversion` is who completed an attempt within the window, counted the plain way.
with plain as (

    select
        persons.experiment_id,
        count(distinct persons.person_id) as persons,
        count(distinct case when attempts.person_id is not null then persons.person_id end) as converted
    from {{ ref('int_baseline_persons') }} as persons
    inner join {{ ref('cfg_experiments') }} as experiments
        on persons.experiment_id = experiments.experiment_id
    left join {{ ref('fct_journey_attempts') }} as attempts
        on
            persons.person_id = attempts.person_id
            and attempts.outcome = 'completed'
            and (experiments.journey_id is null or attempts.journey_id = experiments.journey_id)
            and {{ epoch_us('attempts.completed_at') }} >= persons.exposed_us
            and (
                experiments.decision_window_days is null
                or {{ epoch_us('attempts.completed_at') }} < persons.exposed_us + experiments.decision_window_days * {{ days_us(1) }}
            )
    group by persons.experiment_id

)

select
    baselines.experiment_id,
    baselines.persons,
    baselines.numerator,
    plain.persons as plain_persons,
    plain.converted
from {{ ref('experiment_baselines') }} as baselines
left join plain on baselines.experiment_id = plain.experiment_id
where
    baselines.metric_id = 'conversion'
    and (plain.persons is null or baselines.persons <> plain.persons or baselines.numerator <> plain.converted)
