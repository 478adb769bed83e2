-- Raw ticket events: the talk of each case, laid out between the opening, the end of the bot's part and the resolution.
create or replace temp table raw_ticket_events as
with happened as (
    select
        sub_key(ticket_key, 'event', slot_no) as row_key,
        ticket.person_key,
        ticket.ticket_key,
        ticket.channel,
        ticket.user_id,
        ticket_slot.event_type,
        ticket_slot.by_agent,
        opened_ms + fixed_ms + round(fraction * (resolved_ms - opened_ms - fixed_ms))::bigint + after_ms as at_ms,
    from ticket
    join ticket_slot using (class_no)
    where unit(sub_key(ticket_key, 'bundle', bundle_no), 'happens') < ticket_slot.chance
        and not (is_forgotten and fraction >= 0.5)
)
select
    row_key,
    at_ms,
    received_ms(at_ms, row_key) as received_ms,
    as_id('k', row_key) as event_id,
    as_id('t', ticket_key) as ticket_id,
    event_type,
    channel,
    case
        when by_agent = 1 then 'agent-' || lpad((1 + floor(24 * unit(ticket_key, 'agent')))::integer::text, 2, '0')
        when by_agent = 2 then 'agent-' || lpad((1 + floor(24 * unit(ticket_key, 'agent after'))) :: integer::text, 2, '0')
    end as agent_id,
    user_id,
    null::text as anonymous_id,
from happened
where at_ms < getvariable('end_ms');
