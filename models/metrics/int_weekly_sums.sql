-- The sums that shares, means and ratios are made of, by week and team (null: all of them together).
{% for model in ['fct_journey_attempts', 'fct_step_attempts', 'fct_messages', 'fct_tickets', 'fct_survey_responses', 'fct_transactions', 'fct_sessions', 'cfg_journeys', 'cfg_campaigns', 'cfg_support_costs'] -%}
-- depends_on: {{ ref(model) }}
{% endfor -%}
{%- set groups = weekly_sums() %}
with persons as (

    select
        {{ week_of_day('active_on') }} as week,
        {{ count_where('is_first_of_week') }} as persons
    from {{ ref('int_person_days') }}
    group by {{ week_of_day('active_on') }}

),

counted_persons as (

    select
        sum_id,
        week,
        owner_team,
        count(*) as persons
    from {{ ref('int_weekly_persons') }}
    group by sum_id, week, owner_team

),

{% for name, group in groups.items() -%}
{%- set day = local_day(epoch_us(group.happened_at), var('reporting_timezone', 'UTC')) -%}
-- one narrow pass over a mart; weeks and teams are told of its days
{{ name }}_by_day as (

    select
        {{ day }} as day,
        {{ group.team.column if group.team else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as owner_column
        {%- for sum_id, block in group.sums.items() if block.agg != 'count_distinct' %},
        sum({{ row_value(block) }}) as {{ sum_id }}
        {%- endfor %}
    from {{ ref(group.source) }}
    where {{ group.happened_at }} is not null
    group by {{ day }}{{ ', ' ~ group.team.column if group.team }}

),

{{ name }} as (

    select
        week,
        owner_team,
        {{ 'grouping(owner_team)' if group.team else '1' }} as is_of_all
        {%- for sum_id, block in group.sums.items() if block.agg != 'count_distinct' %},
        sum({{ sum_id }}) as {{ sum_id }}
        {%- endfor %}
    from (
        select
            days.*,
            {{ week_of_day('days.day') }} as week,
            {{ 'owners.owner_team' if group.team else 'days.owner_column' }} as owner_team
        from {{ name }}_by_day as days
        {%- if group.team %}
        left join {{ ref(group.team.model) }} as owners
            on days.owner_column = owners.{{ group.team.column }}
        {%- endif %}
    ) as dated
    group by {{ 'grouping sets ((week, owner_team), (week))' if group.team else 'week, owner_team' }}

),

{% endfor -%}
summed as (

    {% for name, group in groups.items() -%}
    {% set outer = loop -%}
    {% for sum_id, block in group.sums.items() -%}
    {% if block.agg == 'count_distinct' -%}
    select
        sums.week,
        sums.owner_team,
        '{{ sum_id }}' as sum_id,
        cast(coalesce(counted.persons, 0) as {{ type_double() }}) as total
    from {{ name }} as sums
    left join counted_persons as counted
        on
            counted.sum_id = '{{ sum_id }}'
            and sums.week = counted.week
            and coalesce(sums.owner_team, '') = coalesce(counted.owner_team, '')
    where sums.is_of_all = 1 or sums.owner_team is not null
    {%- else -%}
    select
        week,
        owner_team,
        '{{ sum_id }}' as sum_id,
        cast({{ sum_id }} as {{ type_double() }}){{ ' / 1000000' if block.in_millionths }} as total
    from {{ name }}
    where is_of_all = 1 or owner_team is not null
    {%- endif %}
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
