-- The metrics of each experiment: those it declared, those its value is reckoned in, and that value itself.
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
union
select
    experiment_id,
    'net_value' as metric_id
from {{ ref('int_value_streams') }}
