-- The metrics of each experiment, numbered: those it declared, those its value is reckoned in, and that value itself.
with metrics as (

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

)

select
    experiment_id,
    metric_id,
    cast(row_number() over (order by {{ by_bytes('experiment_id') }}, {{ by_bytes('metric_id') }}) as integer) as metric_key
from metrics
