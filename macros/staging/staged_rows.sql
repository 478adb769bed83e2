{#
  The accepted rows of a raw table: those that keep the contract, one a key. Of copies the one received first counts, then the
  one that happened first, then whichever comes first by its content, so that the order of the rows never matters.
#}
{% macro staged_rows(table) -%}
{%- set contract = raw_contract()[table] -%}
{%- set key = contract.columns[0].name -%}
{%- set extras = var('user_segments', []) if table == 'users' else ['user_id', 'anonymous_id'] -%}
{%- set names = contract.columns | map(attribute='name') | list + extras -%}
-- depends_on: {{ ref('seed_violations') }}
with checked as (

    {{ checked_rows(table) }}

),

numbered as (

    select
        {%- for column in contract.columns %}
        {% if table == 'users' and column.name == 'created_at' -%}
        min(created_at) over (partition by user_id) as created_at,
        {%- elif column.get('ignored_if') -%}
        case when not {{ column.ignored_if }} then {{ column.name }} end as {{ column.name }},
        {%- else -%}
        {{ column.name }},
        {%- endif -%}
        {%- endfor %}
        {%- for extra in extras %}
        {{ extra }},
        {%- endfor %}
        loaded_at,
        row_number() over (
            partition by {{ key }}
            order by
                {% if table == 'users' -%}
                case when updated_at is null then 1 else 0 end, updated_at desc, created_at desc
                {%- else -%}
                received_at, {{ contract.moment }}
                {%- endif -%}
                {%- for name in names if name not in (key, 'received_at', 'updated_at', contract.moment) -%}
                , {{ by_bytes(name) if name not in ('score', 'amount', 'is_granted', 'is_machine') else name }}
                {%- endfor -%}
                , loaded_at
        ) as copy_number
    from checked
    where rejection_reason is null

)

select
    {%- for name in names %}
    {{ name }},
    {%- endfor %}
    {% if table == 'users' %}loaded_at{% else %}coalesce(loaded_at, received_at) as loaded_at{% endif %}
from numbered
where copy_number = 1
{%- endmacro %}
