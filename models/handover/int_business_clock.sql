-- The business clock at every moment that matters to a ticket: the open time before its day plus that of the day up to it.
{% set timezone = business_timezone() -%}
{% set landmarks = ['opened', 'first_response', 'first_human_response', 'first_resolved', 'resolved'] -%}

with moments as (

    {% for landmark in landmarks -%}
    select {{ landmark }}_us as moment_us from {{ ref('int_tickets') }} where {{ landmark }}_us is not null
    {{- '\n    union\n    ' if not loop.last }}
    {%- endfor %}

),

dated as (

    select
        moment_us,
        {{ local_day('moment_us', timezone) }} as local_day
    from moments

),

clocked as (

    select
        dated.moment_us,
        min(days.open_before_us) as before_day_us,
        sum(case
            when dated.moment_us >= days.closes_us then {{ elapsed_us('days.opens_us', 'days.closes_us') }}
            else {{ elapsed_us('days.opens_us', 'dated.moment_us') }}
        end) as within_day_us
    from dated
    inner join {{ ref('int_business_days') }} as days
        on dated.local_day = days.local_day
    group by dated.moment_us

)

select
    moment_us,
    cast(before_day_us + within_day_us as bigint) as clock_us
from clocked
