-- "Now" in every definition: the variable of that name, or else the latest moment at which anything accepted was received.
with received as (

    {% for table in person_tables() -%}
    select max(received_at) as received_at from {{ ref('stg_' ~ table) }}
    {{- '\n    union all\n    ' if not loop.last }}
    {%- endfor %}

),

{% set set_as_of = var('as_of', none) -%}
final as (

    select
        {% if set_as_of -%}
        max({{ safe_cast_timestamp(literal(set_as_of)) }})
        {%- else -%}
        coalesce(max(received_at), timestamp '1970-01-01 00:00:00')
        {%- endif %} as as_of
    from received

)

{% set timezone = var('reporting_timezone', 'UTC') -%}
select
    as_of,
    {{ 'as_of' if timezone == 'UTC' else local_clock(epoch_us('as_of'), timezone) }} as local_as_of,
    {{ epoch_us('as_of') }} as as_of_us
from final
