-- The daily mart of steps holds every step attempt once.
select
    facts.entries,
    daily.entries as entries_found
from (select count(*) as entries from {{ ref('fct_step_attempts') }}) as facts
cross join (select coalesce(sum(entries), 0) as entries from {{ ref('friction_step_daily') }}) as daily
where facts.entries <> daily.entries
