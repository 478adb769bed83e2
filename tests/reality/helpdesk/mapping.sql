-- The help desk's log, twice. As `events` it is what it is: activities of a case. Ids are made from case, activity, resource and time,
-- which decide all other columns, so that rows that are the same throughout are copies.
-- As `ticket_events` it is read in three ways, told apart by the channel:
--   help      the desk's own words: Take in charge is an agent's message, Resolve resolves, Closed closes, and work after the first
--             Resolve reopens the case;
--   resolve   only Resolve ends a case, and each Resolve after the first ends it once more (it was reopened just before);
--   timer     only Closed ends a case: a timer that runs out 30 days after the help.
-- A case is opened (minted) at its first row. What has no type in the contract (assign seriousness, wait …) is one more `opened`:
-- only the first counts, and whoever did it is still seen. The log knows no customers: a case stands for its person.
create table log as
select
    'row ' || lpad(cast(row_number as text), 5, '0') as row_id,
    'row ' || lpad(cast(min(row_number) over (content) as text), 5, '0') as content_id,
    "Case ID" as case_id,
    "Activity" as activity,
    "Resource" as agent_id,
    replace("Complete Timestamp", '/', '-') as occurred_at,
    row_number() over (in_order) as case_row,
    count(case when "Activity" = 'Resolve ticket' then 1 end) over (in_order rows between unbounded preceding and 1 preceding)
        as resolved_before
from source
window
    content as (partition by "Case ID", "Activity", "Resource", "Complete Timestamp"),
    in_order as (partition by "Case ID" order by "Complete Timestamp", row_number);

create table events as
select
    content_id as event_id,
    activity as event_name,
    occurred_at,
    occurred_at as received_at,
    case_id as user_id
from log;

-- within one second: opened, reopened, then the row itself
create table ticket_events as
select
    reading || ' ' || rows_read.event_id as event_id,
    reading || ' ' || rows_read.case_id as ticket_id,
    rows_read.event_type,
    reading as channel,
    rows_read.agent_id,
    rows_read.occurred_at,
    rows_read.occurred_at as received_at,
    reading || ' ' || rows_read.case_id as user_id
from (
    select unnest(['help', 'resolve', 'timer']) as reading, case_id, 'opened' as event_type, null as agent_id, occurred_at, row_id || ' 0' as event_id
    from log
    where case_row = 1

    union all
    select 'help', case_id, 'reopened', null, occurred_at, row_id || ' 1'
    from log
    where
        resolved_before > 0
        and activity not in ('Resolve ticket', 'Closed', 'VERIFIED', 'RESOLVED', 'INVALID', 'DUPLICATE')

    union all
    select 'resolve', case_id, 'reopened', null, occurred_at, row_id || ' 1'
    from log
    where resolved_before > 0 and activity = 'Resolve ticket'

    union all
    select
        'help',
        case_id,
        case activity
            when 'Take in charge ticket' then 'agent_message'
            when 'Resolve ticket' then 'resolved'
            when 'Closed' then 'closed'
            else 'opened'
        end,
        agent_id,
        occurred_at,
        row_id || ' 2'
    from log

    union all
    select 'resolve', case_id, 'resolved', agent_id, occurred_at, row_id || ' 2' from log where activity = 'Resolve ticket'

    union all
    select 'timer', case_id, 'closed', agent_id, occurred_at, row_id || ' 2' from log where activity = 'Closed'
) as rows_read;
