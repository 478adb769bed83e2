-- The ideas of the backlog, ranked by a weighted score whose parts are all shown. Volume, severity and value are measured.
{% set weights = backlog_weights() -%}
{% set months = 365.25 / 12 / number_var('cost_window_days', 28) -%}

with ideas as (

    select
        *,
        case
            when campaign_id is not null then 'campaign'
            when step_id is not null then 'step'
            when journey_id is not null then 'journey'
            when channel is not null then 'channel'
        end as measured_at
    from {{ ref('cfg_backlog_ideas') }}

),

measured as (

    select
        ideas.*,
        cast(coalesce(targets.volume, 0) as {{ type_double() }}) * {{ months }} as volume_per_month,
        targets.severity,
        targets.value_at_stake * {{ months }} as value_at_stake_per_month,
        targets.value_at_stake * {{ months }} * ideas.expected_lift * ideas.confidence as expected_value_per_month
    from ideas
    left join {{ ref('int_backlog_targets') }} as targets
        on
            ideas.measured_at = targets.measured_at
            and targets.target = case ideas.measured_at
                when 'campaign' then ideas.campaign_id
                when 'step' then ideas.journey_id || '/' || ideas.step_id
                when 'journey' then ideas.journey_id
                else ideas.channel
            end

),

-- each part from 0 to 1, where 1 is the best of the backlog
parts as (

    select
        *,
        coalesce(severity / nullif(max(severity) over (), 0), 0) as severity_part,
        coalesce(volume_per_month / nullif(max(volume_per_month) over (), 0), 0) as volume_part,
        coalesce(expected_value_per_month / nullif(max(expected_value_per_month) over (), 0), 0) as value_part,
        coalesce(confidence / nullif(max(confidence) over (), 0), 0) as confidence_part,
        min(effort_days) over () / effort_days as effort_part,
        (min(days_to_learn) over () + 1) / (days_to_learn + 1) as speed_part
    from measured

),

scored as (

    select
        *,
        100 * (
            {% for part, weight in weights.items() -%}
            {{ weight }} * {{ part }}_part{{ ' + ' if not loop.last }}
            {%- endfor %}
        ) / {{ weights.values() | sum }} as score
    from parts

)

select
    cast(row_number() over (order by score desc, {{ by_bytes('idea_id') }}) as bigint) as priority_rank,
    idea_id,
    idea_name,
    feature_class,
    owner_team,
    hypothesis,
    journey_id,
    step_id,
    campaign_id,
    channel,
    measured_at,
    {% for column in ['volume_per_month', 'severity', 'value_at_stake_per_month', 'expected_lift', 'confidence', 'expected_value_per_month', 'effort_days', 'days_to_learn', 'severity_part', 'volume_part', 'value_part', 'confidence_part', 'effort_part', 'speed_part', 'score'] -%}
    cast({{ column }} as {{ type_double() }}) as {{ column }}{{ ',' if not loop.last }}
    {% endfor %}
from scored
