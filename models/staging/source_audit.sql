-- What became of every raw row: accepted, a duplicate, rejected or forgotten. Each figure is counted where it arises, none is a remainder.
-- How late accepted rows are is how long after they happened they landed.
with ticket_events_in_other_currency as (

    select events.event_id
    from {{ ref('int_checked_ticket_events') }} as events
    inner join {{ ref('cfg_support_costs') }} as costs
        on events.channel = costs.channel
    where events.copy_number = 1 and costs.currency <> {{ literal(var('reporting_currency', 'EUR')) }}

),

{% for table, contract in raw_contract().items() -%}
{% if table != 'users' -%}
{% set late_us = epoch_us('landed_at') ~ ' - ' ~ epoch_us(contract.moment) -%}
{{ table }}_late as (

    select
        count(*) as late_1d,
        {{ count_where('late_us >= ' ~ days_us(3)) }} as late_3d,
        {{ count_where('late_us >= ' ~ days_us(7)) }} as late_7d
    from (
        select {{ late_us }} as late_us
        from {{ ref('int_checked_' ~ table) }}
        where copy_number = 1 and {{ late_us }} >= {{ days_us(1) }}
    ) as late

),

{% endif -%}
{{ table }}_audited as (

    select
        '{{ table }}' as source_table,
        {% if is_switched_off(table) %}0{% else %}(select count(*) from {{ raw_from(table) }}){% endif %} as rows_in,
        {{ count_where('copy_number = 1') }} as rows_accepted,
        {{ count_where('copy_number > 1') }} as rows_duplicate,
        {{ count_where("rejection_reason <> 'forgotten'") }} as rows_rejected,
        {{ count_where("rejection_reason = 'forgotten'") }} as rows_forgotten,
        (select max(landed.landed_at) from {{ ref('int_checked_' ~ table) }} as landed) as landed_until,
        {% for days in [1, 3, 7] -%}
        {% if table == 'users' %}0{% else %}(select late_{{ days }}d from {{ table }}_late){% endif %} as late_{{ days }}d,
        {% endfor -%}
        {% if table == 'transactions' -%}
        {{ count_where('copy_number = 1 and amount is not null and currency <> ' ~ literal(var('reporting_currency', 'EUR'))) }}
        {%- elif table == 'ticket_events' -%}
        (select count(*) from ticket_events_in_other_currency)
        {%- else -%}
        0
        {%- endif %} as rows_in_other_currency
    from {{ ref('int_checked_' ~ table) }}

),

{% endfor -%}
final as (

    {% for table in raw_contract() -%}
    select * from {{ table }}_audited
    {{- '\n    union all\n    ' if not loop.last }}
    {%- endfor %}

)

select
    source_table,
    cast(rows_in as bigint) as rows_in,
    cast(coalesce(rows_accepted, 0) as bigint) as rows_accepted,
    cast(coalesce(rows_duplicate, 0) as bigint) as rows_duplicate,
    cast(coalesce(rows_rejected, 0) as bigint) as rows_rejected,
    cast(coalesce(rows_forgotten, 0) as bigint) as rows_forgotten,
    landed_until,
    cast(coalesce(late_1d, 0) as bigint) as late_events,
    cast(coalesce(late_1d, 0) - coalesce(late_3d, 0) as bigint) as late_1_to_3_days,
    cast(coalesce(late_3d, 0) - coalesce(late_7d, 0) as bigint) as late_3_to_7_days,
    cast(coalesce(late_7d, 0) as bigint) as late_7_days_and_more,
    cast(coalesce(rows_in_other_currency, 0) as bigint) as rows_in_other_currency
from final
