-- Life tables of the time metrics of experiments that nobody has entered yet, in the window of their verdict, of the people who would
-- have entered them: censored at as_of, or at the window's end.
with observed as (

    select
        cases.experiment_id,
        cases.metric_id,
        experiments.decision_window_days,
        cases.started_us,
        cases.event_us,
        case
            when experiments.decision_window_days is null then now.as_of_us
            else cases.exposed_us + experiments.decision_window_days * {{ days_us(1) }}
        end as end_us
    from {{ ref('int_baseline_cases') }} as cases
    inner join {{ ref('cfg_experiments') }} as experiments
        on cases.experiment_id = experiments.experiment_id
    cross join {{ ref('as_of') }} as now

),

judged as (

    select
        experiment_id,
        metric_id,
        {{ decision_window('decision_window_days') }} as metric_window,
        coalesce(event_us < end_us or decision_window_days is null and event_us is not null, false) as is_event,
        {{ elapsed_us('started_us', 'case when decision_window_days is null then coalesce(event_us, end_us) else least(coalesce(event_us, end_us), end_us) end') }} as observed_us
    from observed
    where decision_window_days is null or started_us < end_us

),

counted as (

    select
        experiment_id,
        metric_id,
        metric_window,
        {{ bucket_start_s('observed_us') }} as bucket_start_s,
        {{ count_where('is_event') }} as events,
        {{ count_where('not is_event') }} as censored
    from judged
    group by experiment_id, metric_id, metric_window, {{ bucket_start_s('observed_us') }}

)

select
    experiment_id,
    metric_id,
    metric_window,
    bucket_start_s,
    {{ bucket_end_s('bucket_start_s') }} as bucket_end_s,
    cast(sum(events + censored) over (
        partition by experiment_id, metric_id, metric_window order by bucket_start_s desc
        rows between unbounded preceding and current row
    ) as bigint) as at_risk,
    events,
    censored
from counted
