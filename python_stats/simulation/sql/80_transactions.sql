-- Raw transactions: orders from completed checkouts, refunds, and the life of subscriptions.
create or replace temp table raw_transactions as
with ordered as (
    select
        person_key, attempt_key, is_experimental, completed_ms,
        round(getvariable('order_amount') * (0.6 + 1.2 * pow(unit(attempt_key, 'amount'), 2)), 2) as amount,
        unit(attempt_key, 'refund') < getvariable('refund_share') as is_refunded,
    from attempt
    where is_completed and journey_id = 'checkout'
),
moved as (
    select
        person_key, 'purchase' as transaction_type, amount,
        case when not is_experimental and unit(attempt_key, 'currency') < 0.01 then 'USD' else 'EUR' end as currency,
        completed_ms + 1000 as at_ms, sub_key(attempt_key, 'purchase', 0) as row_key,
    from ordered

    union all

    select
        person_key, 'refund', amount,
        case when not is_experimental and unit(attempt_key, 'currency') < 0.01 then 'USD' else 'EUR' end,
        completed_ms + 86400000::bigint + floor(86400000::bigint * unit(attempt_key, 'refund time'))::bigint, sub_key(attempt_key, 'refund', 0),
    from ordered
    where is_refunded

    union all

    select person_key, 'subscription_start', 19.9, 'EUR', completed_ms + 1000, sub_key(attempt_key, 'subscription', 0),
    from attempt
    where is_completed and journey_id = 'activation'

    union all

    select person_key, 'subscription_renewal', 19.9, 'EUR', renewed_ms, row_key,
    from (
        select
            *,
            known_from_ms + (month + 1) * 30 * 86400000::bigint as renewed_ms,
            sub_key(person_key, 'renewal', month) as row_key,
        from (
            select *, unnest(range(0, greatest(0, (background_until_ms - known_from_ms) // (30 * 86400000::bigint)))) as month
            from person
            where is_known and is_existing and unit(person_key, 'subscriber') < 0.6
        ) as months
    ) as renewals

    union all

    -- What a case costs beyond the time: some who had to wait or to repeat themselves leave within 30 days.
    select
        person_key, 'subscription_cancel', 0, 'EUR',
        opened_ms + 86400000::bigint + floor(27 * 86400000::bigint * unit(ticket_key, 'cancel time'))::bigint, sub_key(ticket_key, 'cancel', 0),
    from ticket
    where unit(ticket_key, 'cancels') < churn
)
select
    row_key,
    at_ms,
    received_ms(at_ms, row_key) as received_ms,
    as_id('x', row_key) as transaction_id,
    transaction_type,
    amount::double as amount,
    currency,
    case when is_known and at_ms >= known_from_ms then user_id end as user_id,
    case when not is_known or at_ms < known_from_ms then anonymous_id end as anonymous_id,
from moved
join person using (person_key)
where at_ms < getvariable('end_ms');
