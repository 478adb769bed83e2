-- Who counts in which week for the sums that count persons: once of each team, and once of everyone (no team). So these sums are counts of
-- rows, and an increment finds those of touched persons alone.
{{ built_by('act') }}
{{ is_built_after('int_persons') }}
{% for model in ['fct_journey_attempts', 'fct_step_attempts', 'fct_messages', 'fct_tickets', 'fct_survey_responses', 'fct_transactions', 'fct_sessions', 'cfg_journeys', 'cfg_campaigns', 'cfg_support_costs'] -%}
-- depends_on: {{ ref(model) }}
{% endfor -%}
{% set week = week_of('counted_at') -%}

with counted as (

    {% for count in weekly_counts_of_persons() -%}
    select
        '{{ count.sum_id }}' as sum_id,
        {{ week }} as week,
        {{ 'owners.owner_team' if count.team else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as owner_team,
        facts.person_id
    from (
        select
            {% if count.team %}{{ count.team.column }} as owner_column,{% endif %}
            {{ count.happened_at }} as counted_at,
            {{ count.expr }} as person_id
        from {{ ref(count.source) }}
        where
            {{ count.happened_at }} is not null
            {%- if builds_increment() %}
            and {{ increment_marker() }} person_id in (select person_id from {{ ref('int_persons') }} where person_key in {{ touched('act') }})
            {%- endif %}
    ) as facts
    {%- if count.team %}
    inner join {{ ref(count.team.model) }} as owners
        on facts.owner_column = owners.{{ count.team.column }}
    {%- endif %}
    where facts.person_id is not null{{ ' and owners.owner_team is not null' if count.team }}
    group by facts.person_id, {{ week }}{{ ', owners.owner_team' if count.team }}
    {{ 'union all' if not loop.last }}
    {% else -%}
    select cast(null as {{ dbt.type_string() }}) as sum_id, cast(null as date) as week, cast(null as {{ dbt.type_string() }}) as owner_team, cast(null as {{ dbt.type_string() }}) as person_id
    {% endfor %}
)

select
    counted.sum_id,
    counted.week,
    counted.owner_team,
    persons.person_key
from counted
inner join {{ ref('int_persons') }} as persons
    on counted.person_id = persons.person_id
