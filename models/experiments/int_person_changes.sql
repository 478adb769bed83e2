-- Each compared person's values of a metric in a window, as they stood at the end of each day on which they changed: on the day of
-- entering the window with what was before the exposure, and on every day on which something that counts had happened and was known. Of what is
-- counted, and of what that is worth to the experiment (net_value). Sparse: whoever has nothing has no row, and is at 0.
{{ built_by('act') }}
{{ is_built_after('int_replaced_changes') }}
{% for model in ['int_compared_persons', 'int_experiment_metrics', 'fct_journey_attempts', 'fct_step_attempts', 'fct_messages', 'fct_tickets', 'fct_survey_responses', 'fct_transactions', 'fct_sessions'] -%}
-- depends_on: {{ ref(model) }}
{% endfor -%}
{% set entered_on = local_day('acts.exposed_us + coalesce(windows.window_us - 1, 0)', var('reporting_timezone', 'UTC')) -%}

with acts as (

    {{ person_acts('int_compared_persons', ['exposed_us', 'variant_key'], is_touched('person_key', 'act')) }}

),

dated as (

    select
        acts.metric_key,
        windows.window_no,
        windows.metric_kind = 'share' as is_share,
        acts.variant_key,
        acts.person_key,
        acts.exposed_us,
        case when acts.is_before or acts.known_on < {{ entered_on }} then {{ entered_on }} else acts.known_on end as day,
        {% for letter, before in [('y', 'x'), ('d', 'z')] -%}
        case when acts.is_before then 0 else acts.{{ letter }} end as {{ letter }},
        case when acts.is_before then acts.{{ letter }} else 0 end as {{ before }}{{ ',' if not loop.last }}
        {% endfor %}
    from acts
    inner join {{ ref('int_metric_windows') }} as windows
        on acts.metric_key = windows.metric_key and windows.window_no between acts.first_window and acts.last_window

),

changed as (

    select
        metric_key,
        window_no,
        is_share,
        variant_key,
        person_key,
        exposed_us,
        day,
        {% for letter in 'ydxz' -%}
        cast(sum({{ letter }}) as bigint) as {{ letter }}{{ ',' if not loop.last }}
        {% endfor %}
    from dated
    group by metric_key, window_no, is_share, variant_key, person_key, exposed_us, day

),

added_up as (

    {{ added_up_by_day('changed', 'ydxz') }}

),

counted as (

    select
        metric_key,
        window_no,
        variant_key,
        person_key,
        exposed_us,
        day,
        is_first,
        is_last,
        {% for letter in 'yx' -%}
        case when not is_share then {{ letter }}_after when {{ letter }}_after > 0 then 1 else 0 end as {{ letter }},
        {% endfor -%}
        case when not is_share then y_after - y when y_after - y > 0 then 1 else 0 end as y_before,
        d_after as d,
        d_after - d as d_before,
        z_after as z
    from added_up

),

streams as (

    select
        metrics.metric_key,
        net.metric_key as net_key,
        streams.millionths_per_unit
    from {{ ref('int_value_streams') }} as streams
    inner join {{ ref('int_experiment_metrics') }} as metrics
        on streams.experiment_id = metrics.experiment_id and streams.metric_id = metrics.metric_id
    inner join {{ ref('int_experiment_metrics') }} as net
        on streams.experiment_id = net.experiment_id and net.metric_id = 'net_value'

),

worth as (

    select
        streams.net_key as metric_key,
        counted.window_no,
        counted.variant_key,
        counted.person_key,
        counted.exposed_us,
        counted.day,
        cast(sum(cast({{ rounded('counted.y * streams.millionths_per_unit') }} as bigint) - cast({{ rounded('counted.y_before * streams.millionths_per_unit') }} as bigint)) as bigint) as y,
        cast(sum(case when counted.is_first then cast({{ rounded('counted.x * streams.millionths_per_unit') }} as bigint) else 0 end) as bigint) as x
    from counted
    inner join streams
        on counted.metric_key = streams.metric_key
    group by streams.net_key, counted.window_no, counted.variant_key, counted.person_key, counted.exposed_us, counted.day

),

worth_added_up as (

    {{ added_up_by_day('worth', 'yx') }}

)

{% set keys = ['metric_key', 'window_no', 'variant_key', 'person_key', 'exposed_us', 'day', 'is_first', 'is_last'] -%}
select
    {% for key in keys -%}
    {{ key }},
    {% endfor -%}
    {% for figure in ['y', 'd', 'x', 'z', 'y_before', 'd_before'] -%}
    cast({{ figure }} as bigint) as {{ figure }},
    {% endfor -%}
    {{ run_number() }} as run_no
from counted
union all
select
    {% for key in keys -%}
    {{ key }},
    {% endfor -%}
    {% for figure, value in {'y': 'y_after', 'd': '0', 'x': 'x_after', 'z': '0', 'y_before': 'y_after - y', 'd_before': '0'}.items() -%}
    cast({{ value }} as bigint) as {{ figure }},
    {% endfor -%}
    {{ run_number() }} as run_no
from worth_added_up
