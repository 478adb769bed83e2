-- Raw consents: grants at sign-in, withdrawals with the unsubscription.
create or replace temp table raw_consents as
with given as (
    select
        person_key, user_id, purpose, unit(person_key, 'grants ' || purpose) < chance as is_granted, known_from_ms as at_ms,
        sub_key(person_key, purpose, 0) as row_key,
    from person
    cross join (values ('analytics', 0.95), ('marketing', 0.93), ('personalization', 0.7)) as purposes (purpose, chance)
    where is_known and unit(person_key, 'asked ' || purpose) < 0.9

    union all

    select
        person_key, user_id, 'marketing', false,
        delivered_ms + 65000 + floor(3 * 3600000 * unit(message_key, 'tired'))::bigint, sub_key(message_key, 'withdrawal', 0),
    from message
    where is_delivered and is_unsubscribed
)
select
    row_key,
    at_ms,
    received_ms(at_ms, row_key) as received_ms,
    as_id('c', row_key) as consent_id,
    purpose,
    is_granted,
    user_id,
    null::text as anonymous_id,
from given
where at_ms < getvariable('end_ms');
