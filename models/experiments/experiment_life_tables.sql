-- Life tables of the time metrics: per variant and bucket of time, how many cases were at risk, how many had their event and how
-- many are censored: not there yet at as_of, or at the end of a fixed window.
with cases as (

    {% for window, days in metric_windows().items() -%}
    {% set end_us = 'cases.exposed_us + ' ~ days_us(days or 0) -%}
    select
        persons.experiment_id,
        persons.variant_id,
        cases.metric_id,
        persons.metric_window,
        persons.segment,
        {% if days is none -%}
        cases.event_us is not null as is_event,
        {{ elapsed_us('cases.started_us', 'coalesce(cases.event_us, now.as_of_us)') }} as observed_us
        {%- else -%}
        coalesce(cases.event_us < {{ end_us }}, false) as is_event,
        {{ elapsed_us('cases.started_us', 'least(coalesce(cases.event_us, now.as_of_us), ' ~ end_us ~ ')') }} as observed_us
        {%- endif %}
    from {{ ref('int_eligible_persons') }} as persons
    inner join {{ ref('int_time_cases') }} as cases
        on
            persons.experiment_id = cases.experiment_id
            and persons.person_key = cases.person_key
            {%- if days is not none %}
            and cases.started_us < {{ end_us }}
            {%- endif %}
    cross join {{ ref('as_of') }} as now
    where persons.metric_window = '{{ window }}'
    {{ 'union all' if not loop.last }}
    {% endfor %}

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
