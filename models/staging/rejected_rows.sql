-- Every raw row that breaks the contract, with the first rule it breaks. An increment replaces the rows of keys of which a row has been checked
-- since, all rows without a key, and those of users, who are checked anew each time.
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
        and (run_no > {{ last_build(model.name).run_no }} {{ increment_marker() }} or rejection_reason = 'missing_{{ contract.columns[0].name }}')
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
