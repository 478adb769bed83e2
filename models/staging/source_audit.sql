-- What became of every raw row: accepted, a duplicate or rejected. Each figure is counted where it arises, none is a remainder.
with

{% for table, contract in raw_contract().items() -%}
{{ table }}_checked as (

    {{ checked_rows(table) }}

),

{{ table }}_audited as (

    select
        '{{ table }}' as source_table,
        count(*) as rows_in,
        (select count(*) from {{ ref('stg_' ~ table) }}) as rows_accepted,
        count(case when rejection_reason is null then 1 end)
        - count(distinct case when rejection_reason is null then {{ contract.columns[0].name }} end) as rows_duplicate,
        (select count(*) from {{ ref('rejected_rows') }} where source_table = '{{ table }}') as rows_rejected,
        {% if table == 'transactions' -%}
        (
            select count(*) from {{ ref('stg_transactions') }}
            where amount is not null and currency <> {{ literal(var('reporting_currency', 'EUR')) }}
        )
        {%- else -%}
        0
        {%- endif %} as rows_in_other_currency
    from {{ table }}_checked

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
    cast(rows_accepted as bigint) as rows_accepted,
    cast(rows_duplicate as bigint) as rows_duplicate,
    cast(rows_rejected as bigint) as rows_rejected,
    cast(rows_in_other_currency as bigint) as rows_in_other_currency
from final
