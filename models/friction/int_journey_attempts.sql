-- Attempts with what became of them as at `as_of`: an attempt is given up only once its time has run out.
{{ config(materialized='view') }}
select
    attempts.*,
    case
        when attempts.completed_us is not null then 'completed'
        when now.as_of_us <= attempts.known_us then 'in_progress'
        else 'abandoned'
    end as outcome
from {{ in_same_database(ref('int_attempts')) }} as attempts
cross join {{ in_same_database(ref('as_of')) }} as now
