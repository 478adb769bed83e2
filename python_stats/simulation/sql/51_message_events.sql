-- Raw message events: what happened to each message, by people and by machines.
create or replace temp table raw_message_events as
with happened as (
    select *, unnest([
        {event_type: 'sent', at_ms: sent_ms, is_machine: false, happens: true},
        {event_type: 'delivered', at_ms: delivered_ms, is_machine: false, happens: is_delivered},
        {event_type: 'bounced', at_ms: delivered_ms, is_machine: false, happens: not is_delivered},
        {
            event_type: 'opened', at_ms: delivered_ms + 1000 + floor(15000 * unit(message_key, 'proxy'))::bigint, is_machine: true,
            happens: is_delivered and channel = 'email' and unit(message_key, 'machine open') < 0.3
        },
        {
            event_type: 'clicked', at_ms: delivered_ms + 3000, is_machine: true,
            happens: is_delivered and channel = 'email' and unit(message_key, 'machine click') < 0.05
        },
        {
            event_type: 'opened', at_ms: delivered_ms + reaction_ms - 30000, is_machine: false,
            happens: is_delivered and channel <> 'sms' and (is_opened or is_clicked)
        },
        {event_type: 'clicked', at_ms: delivered_ms + reaction_ms, is_machine: false, happens: is_delivered and is_clicked},
        {event_type: 'replied', at_ms: delivered_ms + reaction_ms + 240000, is_machine: false, happens: is_delivered and is_replied},
        {
            event_type: 'unsubscribed', at_ms: delivered_ms + 60000 + floor(3 * 3600000 * unit(message_key, 'tired'))::bigint,
            is_machine: false, happens: is_delivered and is_unsubscribed
        },
        {
            event_type: 'complained', at_ms: delivered_ms + 90000 + floor(3 * 3600000 * unit(message_key, 'angry'))::bigint,
            is_machine: false, happens: is_delivered and is_complained
        }
    ], recursive := false) as what,
    from message
),
keyed as (
    select
        sub_key(message_key, what.event_type || what.is_machine::text, 0) as row_key,
        what.at_ms as at_ms,
        happened.* exclude (what),
        what.event_type as event_type,
        what.is_machine as is_machine,
    from happened
    where what.happens
)
select
    row_key,
    at_ms,
    received_ms(at_ms, row_key) as received_ms,
    as_id('v', row_key) as event_id,
    as_id('m', message_key) as message_id,
    event_type,
    campaign_id,
    channel,
    user_id,
    null::text as anonymous_id,
    is_machine,
from keyed
where at_ms < getvariable('end_ms');
