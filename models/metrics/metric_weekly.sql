-- Every metric by week, of everyone and of each team that owns a part of it; without those that have windows of their own (retention).
with persons as (

    select
        week,
        total
    from {{ ref('int_weekly_sums') }}
    where sum_id = 'persons'

),

-- per person, a week in which nothing of it happened to anyone is a 0
cells as (

    select
        catalog.metric_id,
        catalog.kind,
        catalog.numerator,
        catalog.denominator,
        sums.week,
        sums.owner_team
    from {{ ref('metric_catalog') }} as catalog
    inner join {{ ref('int_weekly_sums') }} as sums
        on catalog.numerator = sums.sum_id
    where catalog.windows is null
    union
    select
        catalog.metric_id,
        catalog.kind,
        catalog.numerator,
        catalog.denominator,
        persons.week,
        cast(null as {{ dbt.type_string() }}) as owner_team
    from {{ ref('metric_catalog') }} as catalog
    cross join persons
    where catalog.kind in ('share', 'mean') and catalog.numerator is not null and catalog.windows is null

),

counted as (

    select
        cells.metric_id,
        cells.week,
        cells.owner_team,
        coalesce(numerators.total, 0) as numerator,
        case when cells.kind = 'ratio' then denominators.total else persons.total end as denominator
    from cells
    left join {{ ref('int_weekly_sums') }} as numerators
        on
            cells.numerator = numerators.sum_id
            and cells.week = numerators.week
            and coalesce(cells.owner_team, '') = coalesce(numerators.owner_team, '')
    left join {{ ref('int_weekly_sums') }} as denominators
        on
            cells.denominator = denominators.sum_id
            and cells.week = denominators.week
            and coalesce(cells.owner_team, '') = coalesce(denominators.owner_team, '')
    left join persons
        on cells.week = persons.week

),

valued as (

    select
        metric_id,
        week,
        owner_team,
        numerator,
        coalesce(denominator, 0) as denominator,
        numerator / nullif(denominator, 0) as value
    from counted
    union all
    select
        metric_id,
        week,
        owner_team,
        events as numerator,
        cases as denominator,
        median_s as value
    from {{ ref('int_weekly_times') }}

)

select
    valued.week,
    coalesce(valued.owner_team, 'all') as owner_team,
    valued.metric_id,
    catalog.tree_level,
    catalog.kind,
    {{ local_day('now.as_of_us', var('reporting_timezone', 'UTC')) }} >= cast({{ dbt.dateadd('day', 7, 'valued.week') }} as date) as is_complete,
    cast(valued.numerator as {{ type_double() }}) as numerator,
    cast(valued.denominator as {{ type_double() }}) as denominator,
    cast(valued.value as {{ type_double() }}) as value
from valued
inner join {{ ref('metric_catalog') }} as catalog
    on valued.metric_id = catalog.metric_id
cross join {{ ref('as_of') }} as now
