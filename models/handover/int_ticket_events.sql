-- Ticket events in each ticket's order, each with what came before it.
{{ built_by('ticket') }}
with keyed as (

    select
        events.ticket_id,
        events.event_id,
        events.event_type,
        events.channel,
        events.agent_id,
        keys.person_key,
        {{ epoch_us('events.occurred_at') }} as occurred_us,
        case when events.event_type in ('customer_message', 'bot_message', 'agent_message') then events.event_type end as message_type
    from {{ ref('stg_ticket_events') }} as events
    inner join {{ ref('int_person_keys') }} as keys
        on {{ identity_of('events') }} = keys.identity
    where {{ is_touched('events.ticket_id', 'ticket') }}

),

ordered as (

    select
        *,
        row_number() over (partition by ticket_id order by occurred_us, {{ by_bytes('event_id') }}) as event_seq,
        sum(case when event_type = 'opened' then 1 else 0 end) over (
            partition by ticket_id order by occurred_us, {{ by_bytes('event_id') }} rows between unbounded preceding and current row
        ) as openings
    from keyed

),

marked as (

    select
        *,
        max(case when message_type is not null then event_seq end) over (
            partition by ticket_id order by event_seq rows between unbounded preceding and 1 preceding
        ) as previous_message_seq,
        max(case when message_type = 'bot_message' then event_seq end) over (
            partition by ticket_id order by event_seq rows between unbounded preceding and 1 preceding
        ) as previous_bot_seq,
        -- a round begins at the opening and at every `reopened`
        max(case when event_type = 'reopened' or (event_type = 'opened' and openings = 1) then event_seq end) over (
            partition by ticket_id order by event_seq rows between unbounded preceding and current row
        ) as round_seq,
        max(case when event_type = 'resolved' then event_seq end) over (
            partition by ticket_id order by event_seq rows between unbounded preceding and 1 preceding
        ) as previous_resolved_seq
    from ordered

),

turned as (

    select
        *,
        event_type = 'customer_message' and previous_bot_seq = previous_message_seq as is_failed_bot_turn
    from marked

)

select
    ticket_id,
    event_seq,
    event_type,
    channel,
    agent_id,
    person_key,
    occurred_us,
    event_type = 'opened' and openings = 1 as is_opening,
    is_failed_bot_turn,
    cast(sum(case when is_failed_bot_turn then 1 else 0 end) over (
        partition by ticket_id order by event_seq rows between unbounded preceding and current row
    ) as bigint) as failed_bot_turns_so_far,
    event_type = 'resolved'
    or (event_type = 'closed' and coalesce(previous_resolved_seq, 0) <= coalesce(round_seq, 0)) as is_resolution
from turned
