-- The shop's clickstream as raw events. Order within a second is the file's order, so event ids are row numbers. A payment error is
-- a signal of the step in which it happens; besides, every error (payment_error, error_page) begins a search for help: `error_seen`.
create table events as
with clicks as (

    select
        'row ' || lpad(cast(row_number as text), 5, '0') as event_id,
        case when event = 'error_page' then 'error_seen' else event end as event_name,
        '/' || event as page_path,
        timestamp as occurred_at,
        timestamp as received_at,
        user_id,
        json_object('platform', platform) as properties
    from source

),

errors_seen as (

    select * replace (event_id || ' minted' as event_id, 'error_seen' as event_name)
    from clicks
    where event_name = 'payment_error'

)

select * from clicks
union all
select * from errors_seen;
