-- Every raw row that breaks the contract, with the first rule it breaks.
-- depends_on: {{ ref('seed_violations') }}
with

{% for table, contract in raw_contract().items() -%}
{{ table }}_checked as (

    {{ checked_rows(table, with_payload=true) }}

),

{{ table }}_rejected as (

    select
        '{{ table }}' as source_table,
        {{ contract.columns[0].name }} as row_id,
        rejection_reason as reason,
        payload,
        {% if table == 'users' %}cast(null as timestamp){% else %}received_at{% endif %} as received_at
    from {{ table }}_checked
    where rejection_reason is not null

),

{% endfor -%}

final as (

    {% for table in raw_contract() -%}
    select * from {{ table }}_rejected
    {{- '\n    union all\n    ' if not loop.last }}
    {%- endfor %}

)

select
    source_table,
    row_id,
    reason,
    payload,
    received_at
from final
