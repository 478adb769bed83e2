-- The days on which each person was seen.
{{ config(materialized='view') }}
select
    persons.person_id,
    days.active_on
from {{ in_same_database(ref('int_person_days')) }} as days
inner join {{ in_same_database(ref('int_persons')) }} as persons
    on days.person_key = persons.person_key
