-- Every raw row that breaks the contract, with the first rule it breaks.
with rejected as (

    {% for table, contract in raw_contract().items() -%}
    select
        '{{ table }}' as source_table,
        nullif({{ contract.columns[0].name }}, '') as row_id,
        rejection_reason as reason,
        payload,
        {% if table == 'users' %}cast(null as timestamp){% else %}received_at{% endif %} as received_at
    from {{ ref('int_checked_' ~ table) }}
    where rejection_reason <> 'forgotten'
    {{- '\n    union all\n    ' if not loop.last }}
    {%- endfor %}

)

select
    source_table,
    row_id,
    reason,
    payload,
    received_at
from rejected
