-- The first assignment of each person inside an experiment's dates, and whether they were seen in another variant as well.
{{ built_by('person') }}
{{ is_built_after('int_touched_experiments') }}
with inside as (

    select
        assignments.experiment_id,
        assignments.variant_id,
        keys.person_key,
        {{ epoch_us('assignments.assigned_at') }} as assigned_us,
        row_number() over (
            partition by assignments.experiment_id, keys.person_key
            order by assignments.assigned_at, {{ by_bytes('assignments.assignment_id') }}
        ) as assignment_number
    from {{ ref('stg_experiment_assignments') }} as assignments
    inner join {{ ref('cfg_experiments') }} as experiments
        on assignments.experiment_id = experiments.experiment_id
    inner join {{ ref('int_person_keys') }} as keys
        on {{ identity_of('assignments') }} = keys.identity
    where
        {{ local_day(epoch_us('assignments.assigned_at'), var('reporting_timezone', 'UTC')) }} >= experiments.started_on
        and (
            experiments.ended_on is null
            or {{ local_day(epoch_us('assignments.assigned_at'), var('reporting_timezone', 'UTC')) }} <= experiments.ended_on
        )
        and {{ is_touched('keys.person_key') }}

)

select
    experiment_id,
    person_key,
    max(case when assignment_number = 1 then variant_id end) as variant_id,
    min(assigned_us) as exposed_us,
    count(distinct variant_id) > 1 as is_contaminated
from inside
group by experiment_id, person_key
