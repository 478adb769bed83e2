-- The sums that shares, means and ratios are made of, by week and team (null: all of them together).
{% for model in ['fct_journey_attempts', 'fct_step_attempts', 'fct_messages', 'fct_tickets', 'fct_survey_responses', 'fct_transactions', 'fct_sessions', 'fct_person_days', 'cfg_journeys', 'cfg_campaigns', 'cfg_support_costs'] -%}
-- depends_on: {{ ref(model) }}
{% endfor -%}
{%- set groups = weekly_sums() %}
with persons as (

    select
        cast({{ dbt.date_trunc('week', 'active_on') }} as date) as week,
        count(distinct person_id) as persons
    from {{ ref('fct_person_days') }}
    group by cast({{ dbt.date_trunc('week', 'active_on') }} as date)

),

{% for name, group in groups.items() -%}
{%- set in_two_steps = group.team and not counts_persons(group) -%}
{% if in_two_steps -%}
{{ name }}_of_teams as (

    select
        week,
        owner_team,
        {% for sum_id, block in group.sums.items() -%}
        {{ weekly_sum(block) }} as {{ sum_id }}{{ ',' if not loop.last }}
        {% endfor %}
    from (
        {{ dated_rows(group) }}
    ) as dated
    group by week, owner_team

),

{% endif -%}
{{ name }} as (

    select
        week,
        {{ 'owner_team' if group.team else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as owner_team,
        {{ 'grouping(owner_team)' if group.team else '1' }} as is_of_all,
        {% for sum_id, block in group.sums.items() -%}
        {{ 'sum(' ~ sum_id ~ ')' if in_two_steps else weekly_sum(block) }} as {{ sum_id }}{{ ',' if not loop.last }}
        {% endfor %}
    from {% if in_two_steps %}{{ name }}_of_teams{% else %}(
        {{ dated_rows(group) }}
    ) as dated{% endif %}
    group by {{ 'grouping sets ((week, owner_team), (week))' if group.team else 'week' }}

),

{% endfor -%}
summed as (

    {% for name, group in groups.items() -%}
    {% set outer = loop -%}
    {% for sum_id, block in group.sums.items() -%}
    select
        week,
        case when is_of_all = 0 then owner_team end as owner_team,
        '{{ sum_id }}' as sum_id,
        cast({{ sum_id }} as {{ type_double() }}){{ ' / 1000000' if block.in_millionths }} as total
    from {{ name }}
    where is_of_all = 1 or owner_team is not null
    {{ 'union all' if not (loop.last and outer.last) }}
    {% endfor -%}
    {% else -%}
    select cast(null as date) as week
    {% endfor %}
)

select
    week,
    owner_team,
    sum_id,
    total
from summed
union all
select
    week,
    cast(null as {{ dbt.type_string() }}) as owner_team,
    'persons' as sum_id,
    cast(persons as {{ type_double() }}) as total
from persons
