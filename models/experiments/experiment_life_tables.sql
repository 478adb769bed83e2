-- Life tables of the time metrics: per variant and bucket of time, how many cases were at risk, how many had their event and how
-- many are censored: not there yet at as_of, or at the end of a fixed window.
with

{% for metric_id, metric in metrics_of_kind(['time']).items() -%}
{{ metric_id }}_cases as (

    {% for window, days in metric_windows().items() -%}
    select
        persons.experiment_id,
        persons.variant_id,
        '{{ metric_id }}' as metric_id,
        persons.metric_window,
        persons.segment,
        {% if days is none -%}
        cases.{{ metric.event_us }} is not null as is_event,
        {{ elapsed_us('cases.' ~ metric.happened_us, 'coalesce(cases.' ~ metric.event_us ~ ', now.as_of_us)') }} as observed_us
        {%- else -%}
        coalesce(cases.{{ metric.event_us }} < exposures.exposed_us + {{ days_us(days) }}, false) as is_event,
        {{ elapsed_us('cases.' ~ metric.happened_us, 'least(coalesce(cases.' ~ metric.event_us ~ ', now.as_of_us), exposures.exposed_us + ' ~ days_us(days) ~ ')') }} as observed_us
        {%- endif %}
    from {{ ref('int_eligible_persons') }} as persons
    inner join {{ ref('int_compared_persons') }} as exposures
        on persons.experiment_id = exposures.experiment_id and persons.person_key = exposures.person_key
    inner join {{ ref('int_experiment_metrics') }} as metrics
        on persons.experiment_id = metrics.experiment_id and metrics.metric_id = '{{ metric_id }}'
    inner join {{ ref(metric.source) }} as cases
        on
            persons.person_key = cases.person_key
            and cases.{{ metric.happened_us }} >= exposures.exposed_us
            {%- if days is not none %}
            and cases.{{ metric.happened_us }} < exposures.exposed_us + {{ days_us(days) }}
            {%- endif %}
    cross join {{ ref('as_of') }} as now
    where persons.metric_window = '{{ window }}'
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

{% endfor -%}

cases as (

    {% for metric_id in metrics_of_kind(['time']) -%}
    select * from {{ metric_id }}_cases
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

counted as (

    select
        experiment_id,
        variant_id,
        metric_id,
        metric_window,
        segment,
        {{ bucket_start_s('observed_us') }} as bucket_start_s,
        {{ count_where('is_event') }} as events,
        {{ count_where('not is_event') }} as censored
    from cases
    group by experiment_id, variant_id, metric_id, metric_window, segment, {{ bucket_start_s('observed_us') }}

)

select
    experiment_id,
    variant_id,
    metric_id,
    metric_window,
    segment,
    bucket_start_s,
    {{ bucket_end_s('bucket_start_s') }} as bucket_end_s,
    cast(sum(events + censored) over (
        partition by experiment_id, variant_id, metric_id, metric_window, segment order by bucket_start_s desc
        rows between unbounded preceding and current row
    ) as bigint) as at_risk,
    events,
    censored
from counted
