-- The times by the week in which their cases began and team (null: all of them together): cases, events, and the median by the
-- survival curve over their buckets, in which a case that is open at as_of is not there yet. Times from an exposure have no week.
{% for model in ['as_of', 'fct_journey_attempts', 'fct_messages', 'fct_tickets', 'cfg_journeys', 'cfg_campaigns', 'cfg_support_costs'] -%}
-- depends_on: {{ ref(model) }}
{% endfor -%}
with cases as (

    {% for metric_id, metric in metrics_of_kind(['time']).items() if metric.starts_at != 'exposure' -%}
    select
        '{{ metric_id }}' as metric_id,
        {{ week_of(metric.starts_at) }} as week,
        owner_team,
        {{ metric.event_at }} is not null as is_event,
        {{ elapsed_us(epoch_us(metric.starts_at), 'coalesce(' ~ epoch_us(metric.event_at) ~ ', now.as_of_us)') }} as observed_us
    from (
        {{ rows_with_team(metric.source, metric.team) }}
    ) as facts
    cross join {{ ref('as_of') }} as now
    where {{ metric.starts_at }} is not null
    {{ 'union all' if not loop.last }}
    {% else -%}
    select null as metric_id
    {% endfor %}
),

doubled as (

    select metric_id, week, owner_team, is_event, observed_us from cases where owner_team is not null
    union all
    select metric_id, week, cast(null as {{ dbt.type_string() }}) as owner_team, is_event, observed_us from cases

),

counted as (

    select
        metric_id,
        week,
        owner_team,
        {{ bucket_start_s('observed_us') }} as bucket_start_s,
        {{ count_where('is_event') }} as events,
        count(*) as cases
    from doubled
    group by metric_id, week, owner_team, {{ bucket_start_s('observed_us') }}

),

risked as (

    select
        *,
        sum(cases) over (
            partition by metric_id, week, owner_team order by bucket_start_s desc rows between unbounded preceding and current row
        ) as at_risk
    from counted

),

-- the logarithm of the share that is still waiting at the bucket's end; where all had their event, nobody is
curves as (

    select
        *,
        sum(case when events = at_risk then -1000 else ln(1 - cast(events as {{ type_double() }}) / at_risk) end) over (
            partition by metric_id, week, owner_team order by bucket_start_s rows between unbounded preceding and current row
        ) as log_waiting
    from risked

)

select
    metric_id,
    week,
    owner_team,
    sum(cases) as cases,
    sum(events) as events,
    -- the middle of the bucket in which half had their event; null where half had not
    min(case when log_waiting <= ln(0.5) + 1e-9 then cast(bucket_start_s + {{ bucket_end_s('bucket_start_s') }} as {{ type_double() }}) / 2 end) as median_s
from curves
group by metric_id, week, owner_team
