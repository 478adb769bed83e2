{#
  Every row of a raw table, typed, with `rejection_reason` (null: the row keeps the contract). One reason a row: the first that
  applies, in the contract's order. With `payload`, the raw row as JSON text comes along.
#}
{% macro checked_rows(table, with_payload=false) -%}
{%- set contract = raw_contract()[table] -%}
{%- set is_person_table = table != 'users' -%}
{%- set extras = var('user_segments', []) if table == 'users' else ['user_id', 'anonymous_id'] -%}
{%- set columns = contract.columns + [{'name': 'loaded_at', 'kind': 'time', 'unchecked': true}] -%}
{%- for extra in extras -%}{%- do columns.append({'name': extra}) -%}{%- endfor -%}
{%- set is_off = is_switched_off(table) -%}
{%- set present = raw_columns(table) if execute and not is_off else {} -%}

select
    typed.*,
    case
        {%- for column in contract.columns if column.get('required') or column.get('required_unless') %}
        when {{ column.name }}_raw is null{% if column.get('required_unless') %} and not coalesce({{ column.required_unless }}, false){% endif %} then 'missing_{{ column.name }}'
        {%- endfor %}
        {%- if is_person_table %}
        when user_id is null and anonymous_id is null then 'missing_identity'
        {%- endif %}
        {%- for column in contract.columns %}
        {%- if column.get('kind') %}
        when {{ column.name }}_raw is not null and {{ column.name }} is null then 'invalid_{{ column.name }}'
        {%- endif %}
        {%- if column.get('allowed') %}
        when {{ column.name }} not in ({% for value in column.allowed %}'{{ value }}'{{ ', ' if not loop.last }}{% endfor %}) then 'invalid_{{ column.name }}'
        {%- endif %}
        {%- if column.get('invalid_if') %}
        when {{ column.invalid_if }} then 'invalid_{{ column.name }}'
        {%- endif %}
        {%- endfor %}
        {%- if is_person_table %}
        when {{ epoch_us(contract.moment) }} - {{ epoch_us('received_at') }} > {{ (var('max_clock_skew_hours', 24) * 3600000000) | int }} then 'occurred_in_future'
        {%- endif %}
    end as rejection_reason
from (
    select
        {%- for column in columns %}
        {{ typed_value(column, present) }} as {{ column.name }},
        {%- if not column.get('unchecked') and (column.get('required') or column.get('kind')) %}
        {{ raw_text(column.name, present) }} as {{ column.name }}_raw,
        {%- endif %}
        {%- endfor %}
        {% if with_payload and present %}{{ json_object_of(present.keys() | list) }}{% else %}cast(null as {{ dbt.type_string() }}){% endif %} as payload
    from {% if is_off %}(select 1 as nothing) as switched_off where 1 = 0{% elif execute %}{{ raw_relation(table) }}{% else %}{{ source("raw", table) }}{% endif %}
) as typed
{%- endmacro %}

{# The raw value as text; an empty string and a column that is not there are null. #}
{% macro raw_text(name, present) -%}
{%- if name not in present -%}cast(null as {{ dbt.type_string() }})
{%- elif is_text(present[name]) -%}nullif({{ adapter.quote(name) }}, '')
{%- else -%}cast({{ adapter.quote(name) }} as {{ dbt.type_string() }})
{%- endif -%}
{%- endmacro %}

{# The value in its kind; null where it cannot be that. Columns that already have the type are taken as they are. #}
{% macro typed_value(column, present) -%}
{%- set kind = column.get('kind', 'text') -%}
{%- set native = present.get(column.name, '') -%}
{%- set quoted = adapter.quote(column.name) -%}
{%- if kind == 'text' -%}{{ raw_text(column.name, present) }}
{%- elif kind == 'time' and native.startswith('timestamp') -%}{{ native_timestamp(quoted, native) }}
{%- elif kind == 'time' and native == 'date' -%}cast({{ quoted }} as timestamp)
{%- elif kind == 'number' and native and not is_text(native) -%}{{ finite('cast(' ~ quoted ~ ' as ' ~ type_double() ~ ')') }}
{%- elif kind == 'boolean' and native.startswith('bool') -%}{{ quoted }}
{%- elif kind == 'time' -%}{{ safe_cast_timestamp(raw_text(column.name, present)) }}
{%- elif kind == 'number' -%}{{ safe_cast_number(raw_text(column.name, present)) }}
{%- elif kind == 'boolean' -%}{{ parse_boolean(raw_text(column.name, present)) }}
{%- endif -%}
{%- endmacro %}

{% macro is_text(type) -%}{{ return('char' in type or 'text' in type or 'string' in type) }}{%- endmacro %}

{# A timestamp of the warehouse as naive UTC; `infinity` gives null. #}
{% macro native_timestamp(expression, type) -%}
{%- set naive = expression ~ " at time zone 'UTC'" if 'with time zone' in type or type == 'timestamptz' else 'cast(' ~ expression ~ ' as timestamp)' -%}
(case when {{ expression }} between timestamp '0001-01-01 00:00:00' and timestamp '9999-12-31 23:59:59.999999' then {{ naive }} end)
{%- endmacro %}
