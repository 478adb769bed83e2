-- Friction of each step over the step attempts entered in the days before as_of that friction_cost looks at: the map of a journey.
with recent as (

    select step_attempts.*
    from {{ ref('fct_step_attempts') }} as step_attempts
    cross join {{ ref('as_of') }} as now
    where
        {{ epoch_us('step_attempts.first_entered_at') }} >= now.as_of_us - {{ days_us(number_var('cost_window_days', 28)) }}
        and {{ epoch_us('step_attempts.first_entered_at') }} < now.as_of_us

),

journeys as (

    select
        journey_id,
        count(distinct attempt_id) as attempts
    from recent
    group by journey_id

),

counted as (

    select
        journey_id,
        step_id,
        {{ step_daily_figures() }},
        {{ percentile('seconds_to_complete', 0.5) }} as seconds_to_complete_p50
    from recent
    group by journey_id, step_id

)

select
    counted.*,
    {{ finished_rates('counted.entries') }},
    {{ rate('counted.entries', 'journeys.attempts') }} as share_of_attempts,
    {%- for metric_id, signal in {'error_rate': 'errors', 'retry_rate': 'retries', 'backtrack_rate': 'backtracks', 'rage_click_rate': 'rage_clicks', 'help_view_rate': 'help_views', 'repeated_edit_rate': 'repeated_edits', 'pause_rate': 'pauses'}.items() %}
    {{ rate('counted.' ~ signal, 'counted.entries') }} as {{ metric_id }},
    {%- endfor %}
    {{ rate('counted.pause_s', 'counted.entries') }} as pause_s_per_entry
from counted
inner join journeys
    on counted.journey_id = journeys.journey_id
