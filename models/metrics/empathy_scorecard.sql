-- Per week, team and kind of feature: the headline of each level side by side with what got worst elsewhere in that week.
{% set classes = ['reduced_friction', 'contextual_messaging', 'human_handover', 'personalized_reassurance', 'self_serve_clarity'] -%}
{% set levels = ['input', 'experience', 'outcome'] -%}

with headlines as (

    {% for class in classes -%}
    select
        '{{ class }}' as feature_class,
        changes.*
    from {{ ref('int_weekly_changes') }} as changes
    where ', ' || changes.headline_of || ',' like '%, {{ class }},%'
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- a team has a row where it has a headline of its own; its other levels are everyone's
cells as (

    select distinct
        week,
        owner_team,
        feature_class,
        is_complete,
        is_ripe
    from headlines

),

-- what moved furthest the wrong way, of guardrails and of other teams' experience, where enough was counted; before all else what moved
-- further than weeks vary
harms as (

    select
        cells.week,
        cells.owner_team,
        cells.feature_class,
        changes.metric_id,
        changes.owner_team as guardrail_team,
        changes.numerator,
        changes.denominator,
        changes.value,
        changes.change,
        changes.is_unusual,
        row_number() over (
            partition by cells.week, cells.owner_team, cells.feature_class
            order by case when changes.is_unusual then 0 else 1 end, changes.harm desc, {{ by_bytes('changes.metric_id') }}, {{ by_bytes('changes.owner_team') }}
        ) as harm_number
    from cells
    inner join {{ ref('int_weekly_changes') }} as changes
        on cells.week = changes.week
    where
        changes.harm > 0
        and changes.denominator >= {{ number_var('min_segment_size', 200) }}
        and (
            (changes.tree_level = 'guardrail' and changes.owner_team = 'all')
            or (changes.tree_level = 'experience' and changes.owner_team not in ('all', cells.owner_team) and cells.owner_team <> 'all')
        )

)

select
    cells.week,
    cells.owner_team,
    cells.feature_class,
    cells.is_complete,
    cells.is_ripe,
    {% for level in levels -%}
    {% set own, all = level ~ '_own', level ~ '_all' -%}
    coalesce({{ own }}.metric_id, {{ all }}.metric_id) as {{ level }}_metric_id,
    coalesce({{ own }}.owner_team, {{ all }}.owner_team) as {{ level }}_team,
    {% for column in ['numerator', 'denominator', 'value', 'change'] -%}
    case when {{ own }}.metric_id is not null then {{ own }}.{{ column }} else {{ all }}.{{ column }} end as {{ level }}_{{ column }},
    {% endfor -%}
    {% for column in ['is_better', 'is_unusual'] -%}
    case when {{ own }}.metric_id is not null then {{ own }}.{{ column }} else {{ all }}.{{ column }} end as {{ level }}_{{ column }},
    {% endfor -%}
    {% endfor -%}
    harms.metric_id as guardrail_metric_id,
    harms.guardrail_team,
    harms.numerator as guardrail_numerator,
    harms.denominator as guardrail_denominator,
    harms.value as guardrail_value,
    harms.change as guardrail_change,
    harms.is_unusual as guardrail_is_unusual
from cells
{%- for level in levels %}
{%- for place, team in [('own', 'cells.owner_team'), ('all', "'all'")] %}
left join headlines as {{ level }}_{{ place }}
    on
        cells.week = {{ level }}_{{ place }}.week
        and cells.feature_class = {{ level }}_{{ place }}.feature_class
        and {{ level }}_{{ place }}.owner_team = {{ team }}
        and {{ level }}_{{ place }}.tree_level = '{{ level }}'
{%- endfor %}
{%- endfor %}
left join harms
    on
        cells.week = harms.week
        and cells.owner_team = harms.owner_team
        and cells.feature_class = harms.feature_class
        and harms.harm_number = 1
