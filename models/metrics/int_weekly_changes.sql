-- Each team's metrics by week beside their own mean of the four weeks before, and whether they moved the good way. Of four weeks in
-- which a metric has gaps it is the mean of the others: what lies further back is not compared with. Whether a change is more than weeks
-- vary is read off the moves from week to week, as on a control chart of individual values (three sigma; decision 185). What is dated by
-- its start and comes later is not judged before it has had its time (decision 197).
{% set earlier = 'over (partition by weekly.metric_id, weekly.owner_team order by weekly.day_no range between %s preceding and 7 preceding)' -%}

with ripening as (

    -- the longest time that a campaign's messages have, and that after which a ticket is no repeat contact any more
    select greatest(7, coalesce(cast(ceil(max(attribution_hours) / 24.0) as integer), 0)) as days
    from {{ ref('cfg_campaigns') }}

),

numbered as (

    select
        *,
        cast({{ dbt.datediff("cast('1970-01-01' as date)", 'week', 'day') }} as integer) as day_no,
        abs(value - lag(value) over (partition by metric_id, owner_team order by week)) as move
    from {{ ref('metric_weekly') }}

),

compared as (

    select
        weekly.week,
        weekly.owner_team,
        weekly.metric_id,
        weekly.tree_level,
        weekly.kind,
        weekly.is_complete,
        {{ dbt.datediff('weekly.week', local_day('now.as_of_us', var('reporting_timezone', 'UTC')), 'day') }} >= 7 + ripening.days as is_ripe,
        weekly.numerator,
        weekly.denominator,
        weekly.value,
        catalog.headline_of,
        catalog.ripens,
        catalog.good_direction,
        avg(weekly.value) {{ earlier % 28 }} as usual_value,
        count(weekly.move) {{ earlier % 182 }} as earlier_moves,
        avg(weekly.move) {{ earlier % 182 }} as usual_move
    from numbered as weekly
    inner join {{ ref('metric_catalog') }} as catalog
        on weekly.metric_id = catalog.metric_id
    cross join {{ ref('as_of') }} as now
    cross join ripening

)

select
    *,
    (value - usual_value) / nullif(abs(usual_value), 0) as change,
    case
        when value = usual_value then false
        when value is not null and usual_value is not null then (value > usual_value) = (good_direction = 'increase')
    end as is_better,
    -- beyond three sigma of one week beside the mean of four, and by three cases at least: 3 * sqrt(1 + 1/4) / 1.128, the last the mean
    -- distance of two draws from a normal distribution in its standard deviations
    case
        when earlier_moves >= 5 and (is_ripe or not ripens)
            then abs(value - usual_value) > 2.974 * usual_move + 1e-9 * abs(usual_value) and abs(value - usual_value) * denominator >= 3
    end as is_unusual,
    -- how far it moved the wrong way, relative to what is usual
    case when good_direction = 'increase' then usual_value - value else value - usual_value end / nullif(abs(usual_value), 0) as harm
from compared
