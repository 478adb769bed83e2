-- Delivered messages with what the person did with them and when: what experiments count.
select
    messages.person_key,
    messages.message_id,
    messages.delivered_us,
    least(
        coalesce(messages.first_clicked_us, messages.first_replied_us),
        coalesce(messages.first_replied_us, messages.first_clicked_us)
    ) as engaged_us,
    conversions.converted_us,
    messages.unsubscribed_us,
    messages.complained_us
from {{ ref('int_messages') }} as messages
left join {{ ref('int_message_conversions') }} as conversions
    on messages.message_id = conversions.message_id
where messages.delivered_us is not null
