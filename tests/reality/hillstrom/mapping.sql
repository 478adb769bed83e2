-- The e-mail challenge as raw tables. Ids are row numbers: the file has none, and identical rows are different customers. Times are
-- ours: exposed (and mailed) on 20 March 2008, the purchases of the year before in one sum a day earlier, a visit two days and an
-- order three days after, everything received when the two weeks were over.
create table customers as
select
    'customer ' || lpad(cast(row_number as text), 5, '0') as user_id,
    case segment when 'Mens E-Mail' then 'mens' when 'Womens E-Mail' then 'womens' when 'No E-Mail' then 'none' end as variant_id,
    *
from source;

create table users as
select
    user_id,
    '2007-03-01' as created_at,
    newbie
from customers;

-- twice, because an experiment looks at one journey: visits and orders are two
create table experiment_assignments as
select
    experiment_id || ' ' || user_id as assignment_id,
    experiment_id,
    variant_id,
    '2008-03-20 00:00:00' as assigned_at,
    '2008-04-03 00:00:00' as received_at,
    user_id
from customers
cross join (values ('mail_to_visit'), ('mail_to_order')) as experiments (experiment_id);

create table message_events as
select
    'sent ' || user_id as event_id,
    user_id as message_id,
    'sent' as event_type,
    variant_id as campaign_id,
    'email' as channel,
    '2008-03-20 00:00:00' as occurred_at,
    '2008-04-03 00:00:00' as received_at,
    user_id
from customers
where variant_id <> 'none';

create table events as
select
    event_name || ' ' || user_id as event_id,
    event_name,
    occurred_at,
    '2008-04-03 00:00:00' as received_at,
    user_id
from (
    select user_id, 'visit' as event_name, '2008-03-22 00:00:00' as occurred_at from customers where visit = '1'
    union all
    select user_id, 'order' as event_name, '2008-03-23 00:00:00' as occurred_at from customers where conversion = '1'
) as activity;

create table transactions as
select
    occurred_at || ' ' || user_id as transaction_id,
    'purchase' as transaction_type,
    amount,
    'USD' as currency,
    occurred_at,
    '2008-04-03 00:00:00' as received_at,
    user_id
from (
    select user_id, history as amount, '2008-03-19 00:00:00' as occurred_at from customers
    union all
    select user_id, spend as amount, '2008-03-23 00:00:00' as occurred_at from customers where cast(spend as double) > 0
) as purchases;
