-- Each node of the metric tree by week, for everyone.
with nodes as (

    select parent_metric_id as metric_id from {{ ref('cfg_metric_tree') }}
    union
    select child_metric_id as metric_id from {{ ref('cfg_metric_tree') }}

)

select
    weekly.week,
    weekly.metric_id,
    weekly.tree_level,
    weekly.kind,
    weekly.is_complete,
    weekly.numerator,
    weekly.denominator,
    weekly.value
from {{ ref('metric_weekly') }} as weekly
inner join nodes
    on weekly.metric_id = nodes.metric_id
where weekly.owner_team = 'all'
