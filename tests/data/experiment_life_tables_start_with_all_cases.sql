-- Everybody is at risk at first: at_risk of the first bucket is all that ever leaves, by an event or censored.
select
    experiment_id,
    variant_id,
    metric_id,
    metric_window,
    segment,
    max(at_risk) as at_risk_at_first,
    sum(events + censored) as cases
from {{ ref('experiment_life_tables') }}
group by experiment_id, variant_id, metric_id, metric_window, segment
having max(at_risk) <> sum(events + censored)
