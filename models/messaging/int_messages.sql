-- The life of each message, in one grouped pass over its events. What a machine did (a mail proxy, a link scanner) is not the
-- person's: only its unsubscribes and complaints count.
{{ built_by('message') }}
with keyed as (

    select
        events.message_id,
        events.campaign_id,
        events.channel,
        events.event_type,
        keys.person_key,
        coalesce(events.is_machine, false) as is_machine,
        {{ epoch_us('events.occurred_at') }} as occurred_us,
        row_number() over (partition by events.message_id order by events.occurred_at, {{ by_bytes('events.event_id') }}) as event_seq
    from {{ ref('stg_message_events') }} as events
    inner join {{ ref('int_person_keys') }} as keys
        on {{ identity_of('events') }} = keys.identity
    where {{ is_touched('events.message_id', 'message') }}

),

lives as (

    select
        message_id,
        max(case when event_seq = 1 then person_key end) as person_key,
        max(case when event_seq = 1 then campaign_id end) as campaign_id,
        max(case when event_seq = 1 then channel end) as channel,
        min(case when event_type = 'sent' then occurred_us end) as sent_us,
        min(case when event_type = 'delivered' then occurred_us end) as reported_us,
        min(case when event_type = 'bounced' then occurred_us end) as bounced_us,
        min(case when event_type = 'opened' and not is_machine then occurred_us end) as first_opened_us,
        min(case when event_type = 'clicked' and not is_machine then occurred_us end) as first_clicked_us,
        min(case when event_type = 'replied' and not is_machine then occurred_us end) as first_replied_us,
        min(case when event_type in ('opened', 'clicked', 'replied') and not is_machine then occurred_us end) as first_noticed_us,
        min(case when event_type = 'unsubscribed' then occurred_us end) as unsubscribed_us,
        min(case when event_type = 'complained' then occurred_us end) as complained_us,
        {{ count_where("event_type = 'opened' and is_machine") }} as machine_opens
    from keyed
    group by message_id

)

select
    *,
    coalesce(reported_us, case when bounced_us is null then sent_us end, first_noticed_us) as delivered_us
from lives
