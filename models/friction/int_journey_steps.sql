-- The steps of the journeys with what the models below ask of them, journeys and steps as compact integers.
with journeys as (

    select
        *,
        row_number() over (order by {{ by_bytes('journey_id') }}) as journey_key
    from {{ ref('cfg_journeys') }}

),

steps as (

    select
        *,
        max(step_order) over (partition by journey_id) as last_step_order
    from {{ ref('cfg_journey_steps') }}

)

select
    cast(journeys.journey_key as bigint) as journey_key,
    steps.journey_id,
    steps.step_id,
    cast(steps.step_order as bigint) as step_order,
    steps.entry_event,
    steps.entry_page,
    steps.completion_event,
    steps.is_required,
    steps.field_count,
    steps.step_order = steps.last_step_order as is_last_step,
    steps.step_order = steps.last_step_order and steps.completion_event is null as completes_on_entry,
    cast(round(journeys.attempt_timeout_minutes * 60000000) as bigint) as timeout_us
from steps
inner join journeys
    on steps.journey_id = journeys.journey_id
