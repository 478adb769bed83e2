-- Every raw row is accepted, a duplicate, rejected or forgotten; none is lost, none is counted twice.
select *
from {{ ref('source_audit') }}
where rows_in <> rows_accepted + rows_duplicate + rows_rejected + rows_forgotten
