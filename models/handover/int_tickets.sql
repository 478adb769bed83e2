-- Tickets with how long they were observed: until they were resolved, or else until `as_of`.
{{ config(materialized='view') }}
select
    lives.*,
    coalesce(lives.resolved_us, now.as_of_us) as observed_until_us
from {{ in_same_database(ref('int_ticket_lives')) }} as lives
cross join {{ in_same_database(ref('as_of')) }} as now
