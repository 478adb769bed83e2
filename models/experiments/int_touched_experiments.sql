-- Which experiments a run concerns: those that somebody whose acts may count otherwise is in, or was in until now, and those of whose
-- persons one has passed a window since, in either direction. An experiment that is over, and that nobody touches, is not among them.
-- depends_on: {{ ref('int_touched_acts') }}, {{ ref('as_of') }}
{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail', pre_hook="{{ begin_build() }}") }}
{% set exposures = exposures_before() -%}
{% set increment = builds_increment() and exposures is not none -%}

with touched as (

    select assignments.experiment_id
    from {{ ref('stg_experiment_assignments') }} as assignments
    inner join {{ ref('int_person_keys') }} as keys
        on {{ identity_of('assignments') }} = keys.identity
    {% if increment -%}
    where keys.person_key in {{ touched('act') }}
    union
    select exposures.experiment_id
    from {{ exposures }} as exposures
    cross join {{ ref('as_of') }} as now
    where
        exposures.person_key in {{ touched('act') }}
        {%- for window, days in metric_windows().items() if days is not none %}
        or {{ has_passed('exposures.exposed_us + ' ~ days_us(days)) }}
        {%- endfor %}
    {%- endif %}

)

select
    experiment_id,
    {{ run_number() }} as run_no
from touched
where {{ increment_marker() if increment }} {{ '1 = 1' if increment else '1 = 0' }}
