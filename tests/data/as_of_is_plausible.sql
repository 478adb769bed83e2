-- as_of lies at most a day past the 99.9th percentile of received_at: one bad clock would close every open case.
{{ config(severity='warn') }}

with received as (

    {% for table in person_tables() -%}
    select {{ epoch_us('received_at') }} as received_us from {{ ref('stg_' ~ table) }}
    {{- '\n    union all\n    ' if not loop.last }}
    {%- endfor %}

),

usual as (

    select {{ percentile('received_us', 0.999) }} as received_us
    from received

)

select
    now.as_of,
    usual.received_us as received_p999_us
from {{ ref('as_of') }} as now
cross join usual
where now.as_of_us > usual.received_us + {{ days_us(1) }}
