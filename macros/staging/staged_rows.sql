{# The accepted rows of a raw table: those that keep the contract, one a key. #}
{% macro staged_rows(table) -%}
select
    {%- for column in raw_contract()[table].columns %}
    {{ column.name }},
    {%- endfor %}
    {%- for extra in staged_extras(table) %}
    {{ extra }},
    {%- endfor %}
    landed_at as loaded_at
from {{ in_same_database(ref('int_checked_' ~ table)) }}
where copy_number = 1
{%- endmacro %}
