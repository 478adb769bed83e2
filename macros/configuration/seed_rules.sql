{# What the rules about seeds have in common: how a row is named, and what a broken rule says. #}

{# The row by its key: `journey_id=checkout, step_id=cart`. #}
{% macro row_key(seed, table=none, key=none) -%}
{%- for name in key or seed_contract()[seed].key -%}
'{{ ', ' if not loop.first }}{{ name }}=' || coalesce(cast({{ table ~ '.' if table }}{{ name }} as {{ dbt.type_string() }}), '(empty)'){{ ' || ' if not loop.last }}
{%- endfor -%}
{%- endmacro %}

{# The columns of one broken rule. `key` and `message` are SQL; the message goes on after "<file>, <key>: ". #}
{% macro violation(seed, key, column, rule, message) -%}
    {{ literal(seed_file(seed)) }} as file,
        {{ key }} as row_key,
        {{ literal(column) }} as column_name,
        {{ literal(rule) }} as rule,
        {{ literal(seed_file(seed) ~ ', ') }} || {{ key }} || ': ' || {{ message }} as message
{%- endmacro %}

{# The same columns without a row: what unions begin with. #}
{% macro no_violation() -%}select '' as file, '' as row_key, '' as column_name, '' as rule, '' as message where 1 = 0{%- endmacro %}

{% macro as_text(expression) -%}coalesce(cast({{ expression }} as {{ dbt.type_string() }}), '(empty)'){%- endmacro %}

{# What would be right in a column, in words. #}
{% macro seed_advice(column) -%}
{%- set kind = column.get('kind', 'text') -%}
{%- if column.get('allowed') == 'metrics' -%}{{ return('write the id of a metric, such as conversion') }}
{%- elif column.get('allowed') -%}{{ return('write one of ' ~ column.allowed | join(', ')) }}
{%- elif column.get('reserved') -%}{{ return('write a value other than "' ~ column.reserved ~ '", which stands for everyone together') }}
{%- endif -%}
{%- set thing = {
    'text': 'a value', 'integer': 'a whole number', 'number': 'a number', 'boolean': 'true or false',
    'date': 'a date such as 2026-01-31', 'clock': 'a time of day as HH:MM, such as 09:00',
}[kind] -%}
{%- set limits = [] -%}
{%- if 'above' in column -%}{%- do limits.append('above ' ~ column.above) -%}{%- endif -%}
{%- if 'below' in column -%}{%- do limits.append('below ' ~ column.below) -%}{%- endif -%}
{%- if 'min' in column and 'max' in column -%}{%- do limits.append('from ' ~ column.min ~ ' to ' ~ column.max) -%}
{%- elif 'min' in column -%}{%- do limits.append('of at least ' ~ column.min) -%}
{%- elif 'max' in column -%}{%- do limits.append('of at most ' ~ column.max) -%}
{%- endif -%}
{{ return(('write ' ~ thing ~ ' ' ~ limits | join(' and ')) | trim) }}
{%- endmacro %}

{# The contract of one column as a row of SQL values; a column that is not in the file is reported once, not per row. #}
{% macro contract_row(name, column, is_in_file) -%}
{%- set allowed = metric_levels().keys() | list if column.get('allowed') == 'metrics' else column.get('allowed') -%}
select
            '{{ name }}' as column_name,
            '{{ column.get('kind', 'text') }}' as kind,
            {{ 'true' if column.get('required') and is_in_file else 'false' }} as is_required,
            {{ "'|" ~ allowed | join('|') ~ "|'" if allowed else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as allowed,
            {{ literal(column.reserved) if column.get('reserved') else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as reserved,
            cast({{ column.get('min', column.get('above', 'null')) }} as {{ type_double() }}) as lowest,
            {{ 'false' if 'above' in column else 'true' }} as lowest_is_allowed,
            cast({{ column.get('max', column.get('below', 'null')) }} as {{ type_double() }}) as highest,
            {{ 'false' if 'below' in column else 'true' }} as highest_is_allowed,
            {{ literal(seed_advice(column)) }} as advice
{%- endmacro %}
