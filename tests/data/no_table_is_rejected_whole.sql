-- No raw table that has 20 rows or more is rejected whole: its export is wrong, and the marts would tell of people who did nothing.
select
    source_table,
    rows_in,
    rows_rejected
from {{ ref('source_audit') }}
where rows_in >= 20 and rows_rejected = rows_in
