-- What became of every raw row: accepted, a duplicate, rejected or forgotten. Each figure is counted where it arises, none is a remainder.
-- How late accepted rows are is how long after they happened they landed.
{% set days = [1, 3, 7] -%}

with

{% for table, contract in raw_contract().items() -%}
{{ table }}_audited as (

    select
        '{{ table }}' as source_table,
        {% if is_switched_off(table) %}0{% else %}(select count(*) from {{ raw_from(table) }}){% endif %} as rows_in,
        {{ count_where('copy_number = 1') }} as rows_accepted,
        {{ count_where('copy_number > 1') }} as rows_duplicate,
        {{ count_where("rejection_reason <> 'forgotten'") }} as rows_rejected,
        {{ count_where("rejection_reason = 'forgotten'") }} as rows_forgotten,
        max(landed_at) as landed_until,
        {% for day in days -%}
        {% if table == 'users' %}0{% else %}{{ count_where('late_us >= ' ~ days_us(day)) }}{% endif %} as late_{{ day }}d,
        {% endfor -%}
        {% if table == 'transactions' -%}
        {{ count_where('copy_number = 1 and amount is not null and currency <> ' ~ literal(var('reporting_currency', 'EUR'))) }}
        {%- else -%}
        0
        {%- endif %} as rows_in_other_currency
    from (
        select
            {% if table == 'transactions' %}amount, currency,{% endif %}
            {% if table != 'users' %}case when copy_number = 1 then {{ epoch_us('landed_at') }} - {{ epoch_us(contract.moment) }} end as late_us,{% endif %}
            copy_number,
            rejection_reason,
            landed_at
        from {{ ref('int_checked_' ~ table) }}
    ) as checked

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
