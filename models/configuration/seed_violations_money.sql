-- Rules about what things are worth, and what to try next.
with value_assumptions as (

    {{ typed_seed('value_assumptions') }}

),

backlog_ideas as (

    {{ typed_seed('backlog_ideas') }}

),

violations as (

    select
    {{ violation('value_assumptions', row_key('value_assumptions'), 'metric_id', 'stream_has_metric', "'the stream ' || stream || ' needs the metric whose effect it values; only decision_velocity has none.'") }}
    from value_assumptions
    where metric_id is null and stream <> 'decision_velocity'
    union all
    select
    {{ violation('value_assumptions', row_key('value_assumptions'), 'value_per_unit', 'value_within_its_range', "'value_per_unit ' || " ~ as_text('value_per_unit') ~ " || ' lies outside ' || " ~ as_text('value_low') ~ " || ' to ' || " ~ as_text('value_high') ~ " || '; write value_low <= value_per_unit <= value_high.'") }}
    from value_assumptions
    where value_low > value_per_unit or value_per_unit > value_high
    union all
    select
    {{ violation('backlog_ideas', row_key('backlog_ideas'), 'journey_id', 'step_needs_journey', "'step_id is \"' || step_id || '\" without a journey_id; name the journey that the step belongs to.'") }}
    from backlog_ideas
    where step_id is not null and journey_id is null

)

select
    file,
    row_key,
    column_name,
    rule,
    message
from violations
