-- "Now" is one row with one moment in it.
select
    count(*) as rows_found,
    count(as_of) as moments_found
from {{ ref('as_of') }}
having count(*) <> 1 or count(as_of) <> 1
