-- Every raw row that breaks the contract, with the first rule it breaks. An increment takes those that were checked since, and puts them in the
-- place of what had their keys; users are checked anew each time.
{{ replaces("checked_since()") }}
with rejected as (

    {% for table, contract in raw_contract().items() -%}
    select
        '{{ table }}' as source_table,
        nullif({{ contract.columns[0].name }}, '') as row_id,
        rejection_reason as reason,
        payload,
        {% if table == 'users' %}cast(null as timestamp){% else %}received_at{% endif %} as received_at
    from {{ ref('int_checked_' ~ table) }}
    where
        rejection_reason <> 'forgotten'
        {%- if table != 'users' and builds_increment() %}
        and run_no > {{ last_build(model.name).run_no }} {{ increment_marker() }}
        {%- endif %}
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
