{# The days, by `keys`, whose figures do not add up to the plain mart's within one of the carried dimensions. #}
{% macro dimensions_add_up(plain, cut, keys, figures) -%}
with by_dimension as (

    select
        dimension_name,
        {{ keys | join(', ') }},
        {% for figure in figures -%}
        sum({{ figure }}) as {{ figure }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ cut }}
    group by dimension_name, {{ keys | join(', ') }}

),

expected as (

    select
        dimensions.dimension_name,
        {% for column in keys + figures -%}
        plain.{{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ plain }} as plain
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
{%- endmacro %}
