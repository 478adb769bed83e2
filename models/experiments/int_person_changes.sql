-- Each person's values as they stood at the end of each day on which they changed: of what is counted, and of what that is worth to
-- the experiment (net_value).
with worth as (

    select
        changes.experiment_id,
        changes.variant_id,
        changes.metric_window,
        changes.person_key,
        changes.day,
        max(changes.entries) as entries,
        cast(sum(
            cast({{ rounded('changes.y * streams.millionths_per_unit') }} as bigint) - cast({{ rounded('changes.y_before * streams.millionths_per_unit') }} as bigint)
        ) as bigint) as y_change
    from {{ ref('int_counted_changes') }} as changes
    inner join {{ ref('int_value_streams') }} as streams
        on changes.experiment_id = streams.experiment_id and changes.metric_id = streams.metric_id
    group by changes.experiment_id, changes.variant_id, changes.metric_window, changes.person_key, changes.day

),

accumulated as (

    select
        *,
        sum(y_change) over (
            partition by experiment_id, metric_window, person_key order by day
            rows between unbounded preceding and current row
        ) as y_after
    from worth

)

select
    experiment_id,
    variant_id,
    metric_id,
    metric_window,
    person_key,
    day,
    entries,
    y,
    y_before,
    d,
    d_before,
    x,
    z
from {{ ref('int_counted_changes') }}
union all
select
    accumulated.experiment_id,
    accumulated.variant_id,
    'net_value' as metric_id,
    accumulated.metric_window,
    accumulated.person_key,
    accumulated.day,
    accumulated.entries,
    accumulated.y_after as y,
    accumulated.y_after - accumulated.y_change as y_before,
    0 as d,
    0 as d_before,
    coalesce(vals.x, 0) as x,
    0 as z
from accumulated
left join {{ ref('int_person_values') }} as vals
    on
        accumulated.experiment_id = vals.experiment_id
        and accumulated.person_key = vals.person_key
        and accumulated.metric_window = vals.metric_window
        and vals.metric_id = 'net_value'
