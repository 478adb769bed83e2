-- Each team's metrics by week beside their own mean of the four weeks before, and whether they moved the good way.
with compared as (

    select
        weekly.*,
        catalog.headline_of,
        catalog.good_direction,
        avg(weekly.value) over (
            partition by weekly.metric_id, weekly.owner_team order by weekly.week rows between 4 preceding and 1 preceding
        ) as usual_value
    from {{ ref('metric_weekly') }} as weekly
    inner join {{ ref('metric_catalog') }} as catalog
        on weekly.metric_id = catalog.metric_id

)

select
    *,
    (value - usual_value) / nullif(abs(usual_value), 0) as change,
    case
        when value = usual_value then false
        when value is not null and usual_value is not null then (value > usual_value) = (good_direction = 'increase')
    end as is_better,
    -- how far it moved the wrong way, relative to what is usual
    case when good_direction = 'increase' then usual_value - value else value - usual_value end / nullif(abs(usual_value), 0) as harm
from compared
