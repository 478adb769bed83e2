-- The rules that hold for every seed, straight from the contract: columns, required cells, types, allowed values, limits, keys, references.
{%- set contract = seed_contract() %}

with

{% for seed in contract -%}
{{ seed }} as (

{{ raw_seed(seed) }}

),

{% endfor -%}

seed_rows as (

    {% for seed in contract -%}
    select '{{ seed }}' as seed_name, {{ row_key(seed) }} as row_key from {{ seed }}
    {{- '\n    union all\n    ' if not loop.last }}
    {%- endfor %}

),

cells as (

    {% for seed, rules in contract.items() -%}
    {%- set present = seed_columns_in_file(seed) -%}
    select
        contract.*,
        {{ literal(seed_file(seed)) }} as file,
        {{ row_key(seed, seed) }} as row_key,
        case contract.column_name
            {%- for name in rules.columns %}
            when '{{ name }}' then {{ seed }}.{{ name }}
            {%- endfor %}
        end as cell
    from {{ seed }}
    cross join (
        {% for name, column in rules.columns.items() -%}
        {{ contract_row(name, column, name in present) }}
        {{- '\n        union all\n        ' if not loop.last }}
        {%- endfor %}
    ) as contract
    {{- '\n    union all\n    ' if not loop.last }}
    {%- endfor %}

),

judged as (

    select
        *,
        case
            when cell is null then case when is_required then 'required' end
            when kind = 'integer' and {{ seed_integer('cell') }} is null then 'type'
            when kind = 'number' and {{ safe_cast_number('cell') }} is null then 'type'
            when kind = 'boolean' and {{ parse_boolean('cell') }} is null then 'type'
            when kind = 'date' and {{ seed_date('cell') }} is null then 'type'
            when kind = 'clock' and {{ seed_clock('cell') }} is null then 'type'
            when {{ dbt.position("'|' || cell || '|'", 'allowed') }} = 0 or (allowed is not null and cell like '%|%') then 'allowed'
            when cell = reserved then 'reserved'
            when {{ safe_cast_number('cell') }} < lowest or {{ safe_cast_number('cell') }} > highest then 'range'
            when {{ safe_cast_number('cell') }} = lowest and not lowest_is_allowed then 'range'
            when {{ safe_cast_number('cell') }} = highest and not highest_is_allowed then 'range'
        end as rule
    from cells

),

wrong_cells as (

    select
        file,
        row_key,
        column_name,
        rule,
        file || ', ' || row_key || ': ' || column_name || case when cell is null then ' is empty; ' else ' is "' || cell || '"; ' end || advice || '.' as message
    from judged
    where rule is not null

),

repeated_keys as (

    {% for seed, rules in contract.items() -%}
    select
        {{ violation(seed, 'row_key', rules.key | join(', '), 'unique', "'the key is there ' || " ~ as_text('count(*)') ~ " || ' times; write one row for each.'") }}
    from seed_rows
    where seed_name = '{{ seed }}'
    group by row_key
    having count(*) > 1
    {{- '\n    union all\n    ' if not loop.last }}
    {%- endfor %}

),

unknown_references as (

    {{ no_violation() }}
    {%- for seed, rules in contract.items() %}
    {%- for columns, parent, parent_columns in rules.get('references', []) %}
    union all
    select
        {{ violation(seed, row_key(seed, seed), columns[-1], 'reference', literal(columns[-1] ~ ' is "') ~ ' || ' ~ seed ~ '.' ~ columns[-1] ~ ' || ' ~ literal('", which ' ~ seed_file(parent) ~ ' does not have' ~ (' for that ' ~ columns[0] if columns | length > 1 else '') ~ '; name one that it has, or add it there.')) }}
    from {{ seed }}
    left join {{ parent }}
        on {% for column in columns %}{{ seed }}.{{ column }} = {{ parent }}.{{ parent_columns[loop.index0] }}{{ ' and ' if not loop.last }}{% endfor %}
    where {% for column in columns %}{{ seed }}.{{ column }} is not null and {% endfor %}{{ parent }}.{{ parent_columns[0] }} is null
    {%- endfor %}
    {%- endfor %}

),

missing_parts as (

    {{ no_violation() }}
    {%- for seed, rules in contract.items() %}
    {%- if not seed_is_there(seed) and not rules.get('is_optional') %}
    union all
    select {{ violation(seed, "'(the file)'", '(all)', 'missing_file', literal('there is no such file; write one with the columns ' ~ rules.columns | join(', ') ~ '.')) }}
    {%- elif seed_is_there(seed) %}
    {%- set present = seed_columns_in_file(seed) %}
    {%- for name, column in rules.columns.items() if column.get('required') and name not in present %}
    union all
    select {{ violation(seed, "'(the header)'", name, 'missing_column', literal('the column ' ~ name ~ ' is missing; ' ~ seed_advice(column) ~ ' in every row.')) }}
    {%- endfor %}
    {%- endif %}
    {%- endfor %}

),

violations as (

    select * from wrong_cells
    union all
    select * from repeated_keys
    union all
    select * from unknown_references
    union all
    select * from missing_parts

)

select
    file,
    row_key,
    column_name,
    rule,
    message
from violations
