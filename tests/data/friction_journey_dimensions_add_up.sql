-- Within each carried dimension the daily mart of journeys adds up to the plain one.
{% set figures = ['attempts', 'completions', 'abandonments', 'in_progress', 'errors', 'silent_frictions'] -%}

with by_dimension as (

    select
        dimension_name,
        day,
        journey_id,
        {% for figure in figures -%}
        sum({{ figure }}) as {{ figure }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('friction_journey_daily_by_dimension') }}
    group by dimension_name, day, journey_id

),

expected as (

    select
        dimensions.dimension_name,
        plain.day,
        plain.journey_id,
        {% for figure in figures -%}
        plain.{{ figure }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('friction_journey_daily') }} as plain
    cross join (
        {% for key in var('event_dimensions', []) -%}
        select {{ literal(key) }} as dimension_name
        {{ 'union all ' if not loop.last }}
        {%- else -%}
        select cast(null as {{ dbt.type_string() }}) as dimension_name where 1 = 0
        {%- endfor %}
    ) as dimensions

),

missing as (

    select * from expected
    except
    select * from by_dimension

),

surplus as (

    select * from by_dimension
    except
    select * from expected

)

select * from missing
union all
select * from surplus
