-- The daily mart and the life table hold every ticket once, and count the same ones as resolved.
with facts as (

    select
        count(*) as tickets,
        coalesce(sum(case when is_resolved then 1 else 0 end), 0) as resolved
    from {{ ref('fct_tickets') }}

),

daily as (

    select
        coalesce(sum(tickets), 0) as tickets,
        coalesce(sum(resolved), 0) as resolved
    from {{ ref('handover_daily') }}

),

lives as (

    select
        coalesce(sum(resolved + censored), 0) as tickets,
        coalesce(sum(resolved), 0) as resolved
    from {{ ref('handover_life_table') }}

)

select
    facts.tickets,
    daily.tickets as tickets_daily,
    lives.tickets as tickets_lived,
    facts.resolved,
    daily.resolved as resolved_daily,
    lives.resolved as resolved_lived
from facts
cross join daily
cross join lives
where
    facts.tickets <> daily.tickets
    or facts.tickets <> lives.tickets
    or facts.resolved <> daily.resolved
    or facts.resolved <> lives.resolved
