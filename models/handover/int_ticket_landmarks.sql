-- Per ticket the events by which everything else is measured, as their places in its order.
{{ built_by('ticket') }}
with placed as (

    select
        ticket_id,
        coalesce(min(case when is_opening then event_seq end), 1) as opening_seq,
        min(case when channel is not null then event_seq end) as channel_seq,
        min(case when event_type = 'handed_over' then event_seq end) as handed_over_seq,
        min(case when event_type = 'handed_over' then occurred_us end) as handed_over_us,
        min(case when event_type = 'handover_requested' then event_seq end) as handover_requested_seq,
        min(case when is_resolution then event_seq end) as first_resolution_seq,
        max(case when event_type = 'reopened' then event_seq end) as last_reopened_seq
    from {{ ref('int_ticket_events') }}
    where {{ is_touched('ticket_id', 'ticket') }}
    group by ticket_id

)

select
    *,
    case when handover_requested_seq < handed_over_seq then true else false end as is_requested_before
from placed
