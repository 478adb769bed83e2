-- Raw users: one state a known person, and a later one for some.
create or replace temp table raw_users as
select
    sub_key(person_key, 'user', state_no) as row_key,
    known_from_ms + state_no * floor(30 * 86400000::bigint * unit(person_key, 'changes'))::bigint as at_ms,
    known_from_ms + state_no * floor(30 * 86400000::bigint * unit(person_key, 'changes'))::bigint as received_ms,
    user_id,
    created_ms,
    case when state_no = 1 and plan = 'basic' then 'plus' else plan end as plan,
    country,
    acquisition_channel,
from person
cross join (values (0), (1)) as states (state_no)
where is_known and (state_no = 0 or unit(person_key, 'changes state') < 0.15)
    and known_from_ms + state_no * 30 * 86400000::bigint < getvariable('end_ms');
