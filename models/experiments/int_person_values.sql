-- Each person's values for each metric and window: what is counted, and what that is worth to the experiment (net_value). Sparse,
-- like what it is made of.
with worth as (

    select
        vals.experiment_id,
        vals.person_key,
        vals.metric_window,
        cast(sum(cast({{ rounded('vals.y * streams.millionths_per_unit') }} as bigint)) as bigint) as y,
        cast(sum(cast({{ rounded('vals.x * streams.millionths_per_unit') }} as bigint)) as bigint) as x
    from {{ ref('int_counted_values') }} as vals
    inner join {{ ref('int_value_streams') }} as streams
        on vals.experiment_id = streams.experiment_id and vals.metric_id = streams.metric_id
    group by vals.experiment_id, vals.person_key, vals.metric_window

)

select
    experiment_id,
    metric_id,
    person_key,
    metric_window,
    y,
    d,
    x,
    z
from {{ ref('int_counted_values') }}
union all
select
    experiment_id,
    'net_value' as metric_id,
    person_key,
    metric_window,
    y,
    cast(0 as bigint) as d,
    x,
    cast(0 as bigint) as z
from worth
where y <> 0 or x <> 0
