-- The mobile game as raw tables. Times are ours: everybody installs on 1 January 2014, comes back (or not) one and seven days later,
-- and all is received after 14 days. The rounds played in those 14 days are booked as the amount of one purchase: the product's
-- one mean per person is revenue. The segment `play` sets the one player with 49,854 rounds apart.
create table players as
select
    *,
    'player ' || userid as user_id
from source;

create table users as
select
    user_id,
    '2014-01-01 00:00:00' as created_at,
    case sum_gamerounds when '49854' then 'outlier' else 'ordinary' end as play
from players;

-- twice, because an experiment looks at one journey: the return on day 1 and that on day 7 are two
create table experiment_assignments as
select
    experiment_id || ' ' || user_id as assignment_id,
    experiment_id,
    version as variant_id,
    '2014-01-01 00:00:00' as assigned_at,
    '2014-01-15 00:00:00' as received_at,
    user_id
from players
cross join (values ('gate_and_day_1'), ('gate_and_day_7')) as experiments (experiment_id);

create table events as
select
    event_name || ' ' || user_id as event_id,
    event_name,
    occurred_at,
    '2014-01-15 00:00:00' as received_at,
    user_id
from (
    select user_id, 'day_1_return' as event_name, '2014-01-02 00:00:00' as occurred_at from players where retention_1 = 'TRUE'
    union all
    select user_id, 'day_7_return' as event_name, '2014-01-08 00:00:00' as occurred_at from players where retention_7 = 'TRUE'
) as returns;

create table transactions as
select
    'rounds of ' || user_id as transaction_id,
    'purchase' as transaction_type,
    sum_gamerounds as amount,
    'EUR' as currency,
    '2014-01-14 00:00:00' as occurred_at,
    '2014-01-15 00:00:00' as received_at,
    user_id
from players;
