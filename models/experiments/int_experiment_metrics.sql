-- The metrics of each experiment: those it declared and those its value is reckoned in.
select
    experiment_id,
    metric_id
from {{ ref('cfg_experiment_metrics') }}
union
select
    experiment_id,
    metric_id
from {{ ref('cfg_value_assumptions') }}
where metric_id is not null
