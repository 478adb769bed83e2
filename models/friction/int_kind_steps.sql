-- The step that a kind of event enters, per journey: the lowest one whose name and page fit.
with fitting as (

    select
        names.event_kind,
        steps.journey_key,
        min(steps.step_order) as step_order
    from {{ ref('int_event_names') }} as names
    inner join {{ ref('int_journey_steps') }} as steps
        on
            names.event_name = steps.entry_event
            and (steps.entry_page is null or (names.page_path <> '' and {{ is_like('names.page_path', 'steps.entry_page') }}))
    group by names.event_kind, steps.journey_key

)

select
    event_kind,
    journey_key,
    step_order
from fitting
