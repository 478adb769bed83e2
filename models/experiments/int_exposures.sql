-- The first assignment of each person inside an experiment's dates, whether they were seen in another variant as well, and whether they
-- had consented to analytics, where that is required.
{{ built_by('person') }}
{% set required = var('require_analytics_consent', false) -%}

-- whom an assignment can be of: chosen by number before texts are joined
with identities as (

    select
        identity,
        person_key
    from {{ ref('int_person_keys') }}
    where {{ is_touched('person_key') }}

),

inside as (

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
    inner join identities as keys
        on {{ identity_of('assignments') }} = keys.identity
    where
        {{ local_day(epoch_us('assignments.assigned_at'), var('reporting_timezone', 'UTC')) }} >= experiments.started_on
        and (
            experiments.ended_on is null
            or {{ local_day(epoch_us('assignments.assigned_at'), var('reporting_timezone', 'UTC')) }} <= experiments.ended_on
        )

),

exposed as (

    select
        experiment_id,
        person_key,
        max(case when assignment_number = 1 then variant_id end) as variant_id,
        min(assigned_us) as exposed_us,
        count(distinct variant_id) > 1 as is_contaminated
    from inside
    group by experiment_id, person_key

)
{%- if required %},

consenting as (

    {{ consenting('exposed') }}

)
{%- endif %}

select
    exposed.experiment_id,
    exposed.person_key,
    exposed.variant_id,
    exposed.exposed_us,
    exposed.is_contaminated,
    {{ 'consenting.person_key is not null' if required else 'true' }} as has_consent
from exposed
{%- if required %}
left join consenting
    on exposed.experiment_id = consenting.experiment_id and exposed.person_key = consenting.person_key
{%- endif %}
