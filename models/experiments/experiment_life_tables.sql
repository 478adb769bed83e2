-- Life tables of the time metrics: per variant and bucket of time, how many cases were at risk, how many had their event and how
-- many are censored: not there yet at as_of, or at the end of a fixed window.
-- depends_on: {{ ref('int_compared_persons') }}, {{ ref('stg_users') }}, {{ ref('int_person_keys') }}
{% set end_us = 'cases.exposed_us + windows.window_us' -%}

with windows as (

    {% for window, days in metric_windows().items() -%}
    select '{{ window }}' as metric_window, cast({{ days_us(days) if days is not none else 'null' }} as bigint) as window_us
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- an open case is watched until as_of, in a fixed window until its end; everyone enters `all`, a fixed window once it has passed
watched as (

    select
        cases.experiment_id,
        cases.variant_id,
        cases.metric_id,
        cases.person_key,
        windows.metric_window,
        cases.event_us is not null and (windows.window_us is null or cases.event_us < {{ end_us }}) as is_event,
        {{ elapsed_us('cases.started_us', 'least(coalesce(cases.event_us, now.as_of_us), coalesce(' ~ end_us ~ ', cases.event_us, now.as_of_us))') }} as observed_us
    from {{ ref('int_time_cases') }} as cases
    cross join windows
    cross join {{ ref('as_of') }} as now
    where windows.window_us is null or ({{ end_us }} <= now.as_of_us and cases.started_us < {{ end_us }})

),

segmented as (

    select
        watched.*,
        'all' as segment
    from watched
    {%- if segment_columns() %}
    union all
    select
        watched.*,
        segments.segment
    from watched
    inner join (
        {{ person_segments() }}
    ) as segments
        on watched.person_key = segments.person_key
    {%- endif %}

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
    from segmented
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
