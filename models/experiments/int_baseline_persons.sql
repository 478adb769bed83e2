-- For experiments that nobody has entered yet: who would have entered them in the weeks before as_of, ending early enough for the
-- decision window to have passed. The pseudo-exposure is the first entry into the experiment's journey within those weeks, or the
-- first activity where it names none.
{% set period_us = days_us(number_var('baseline_days', 28)) -%}

with waiting as (

    select
        experiments.experiment_id,
        experiments.journey_id,
        now.as_of_us - coalesce(experiments.decision_window_days, {{ number_var('baseline_days', 28) }}) * {{ days_us(1) }} as until_us
    from {{ ref('cfg_experiments') }} as experiments
    cross join {{ ref('as_of') }} as now
    left join (select distinct experiment_id from {{ ref('int_exposures') }}) as exposures
        on experiments.experiment_id = exposures.experiment_id
    where exposures.experiment_id is null

),

entries as (

    select
        person_id,
        journey_id,
        {{ epoch_us('started_at') }} as entered_us
    from {{ ref('fct_journey_attempts') }}
    union all
    select person_id, cast(null as {{ dbt.type_string() }}) as journey_id, {{ epoch_us('started_at') }} as entered_us
    from {{ ref('fct_sessions') }}
    union all
    select person_id, cast(null as {{ dbt.type_string() }}) as journey_id, {{ epoch_us('opened_at') }} as entered_us
    from {{ ref('fct_tickets') }}
    union all
    select person_id, cast(null as {{ dbt.type_string() }}) as journey_id, {{ epoch_us('delivered_at') }} as entered_us
    from {{ ref('fct_messages') }}

),

entered as (

    select
        waiting.experiment_id,
        entries.person_id,
        min(waiting.journey_id) as journey_id,
        min(entries.entered_us) as exposed_us
    from waiting
    inner join entries
        on
            (waiting.journey_id = entries.journey_id or (waiting.journey_id is null and entries.journey_id is null))
            and entries.entered_us < waiting.until_us
            and entries.entered_us >= waiting.until_us - {{ period_us }}
    group by waiting.experiment_id, entries.person_id

),

persons as (

    select
        entered.experiment_id,
        persons.person_key,
        entered.person_id,
        entered.exposed_us,
        entered.journey_id
    from entered
    inner join {{ ref('int_persons') }} as persons
        on entered.person_id = persons.person_id

)
{%- if var('require_analytics_consent', false) %},

consenting as (

    {{ consenting('persons') }}

)
{%- endif %}

select
    persons.experiment_id,
    persons.person_key,
    persons.person_id,
    persons.exposed_us,
    cast(0 as bigint) as covariate_us,
    persons.journey_id
from persons
{%- if var('require_analytics_consent', false) %}
inner join consenting
    on persons.experiment_id = consenting.experiment_id and persons.person_key = consenting.person_key
{%- endif %}
