-- What one more of a metric is worth to an experiment, per stream of value_assumptions in the reporting currency that values what
-- a person does: negative where less of it is better. Times, and the days to a decision, are no sums over persons.
select
    streams.experiment_id,
    streams.metric_id,
    case
        coalesce(metrics.good_direction, case when streams.metric_id in {{ metric_ids_that_should_fall() }} then 'decrease' else 'increase' end)
        when 'decrease' then -1
        else 1
    end
    * cast(streams.qualified_share as {{ type_double() }})
    * cast(streams.value_per_unit as {{ type_double() }})
    * 1000000 / {{ metric_scale('streams.metric_id') }} as millionths_per_unit
from {{ ref('cfg_value_assumptions') }} as streams
left join {{ ref('cfg_experiment_metrics') }} as metrics
    on streams.experiment_id = metrics.experiment_id and streams.metric_id = metrics.metric_id
where
    streams.stream <> 'decision_velocity'
    and streams.currency = {{ literal(var('reporting_currency', 'EUR')) }}
    and streams.metric_id in {{ metric_ids(['share', 'mean', 'ratio']) }}
    and streams.metric_id <> 'net_value'
