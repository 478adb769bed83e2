-- Each compared person's values in two fixed windows side by side: the later one (y, d) and the earlier one (x, z), for those who have
-- passed the later one. Sparse: whoever has nothing in either has no row, and counts as 0 further down.
with pairs as (

    {{ window_pairs() }}

),

-- one row per person with any value in either window
stacked as (

    select
        vals.experiment_id,
        vals.metric_id,
        vals.person_key,
        pairs.earlier_window,
        pairs.metric_window,
        vals.y,
        vals.d,
        cast(0 as bigint) as x,
        cast(0 as bigint) as z
    from {{ ref('int_person_values') }} as vals
    inner join pairs on vals.metric_window = pairs.metric_window
    union all
    select
        vals.experiment_id,
        vals.metric_id,
        vals.person_key,
        pairs.earlier_window,
        pairs.metric_window,
        cast(0 as bigint) as y,
        cast(0 as bigint) as d,
        vals.y as x,
        vals.d as z
    from {{ ref('int_person_values') }} as vals
    inner join pairs on vals.metric_window = pairs.earlier_window

),

valued as (

    select
        experiment_id,
        metric_id,
        person_key,
        earlier_window,
        metric_window,
        cast(sum(y) as bigint) as y,
        cast(sum(d) as bigint) as d,
        cast(sum(x) as bigint) as x,
        cast(sum(z) as bigint) as z
    from stacked
    group by experiment_id, metric_id, person_key, earlier_window, metric_window

)

select
    valued.experiment_id,
    eligible.variant_id,
    valued.metric_id,
    valued.person_key,
    valued.earlier_window,
    valued.metric_window,
    valued.y,
    valued.d,
    valued.x,
    valued.z
from valued
inner join {{ ref('int_eligible_persons') }} as eligible
    on
        valued.experiment_id = eligible.experiment_id
        and valued.person_key = eligible.person_key
        and valued.metric_window = eligible.metric_window
        and eligible.segment = 'all'
