{#
  Rows of a raw table, typed, with `rejection_reason` (null: the row keeps the contract), for a rejected row `payload`, the raw row
  as JSON text, and `landed_at`. One reason a row: the first that applies, in the contract's order. `restriction` goes on after the
  raw relation: a join or a condition on its columns; `only` are the files to read.
#}
{% macro checked_rows(table, restriction='', only=none) -%}
{%- set contract = raw_contract()[table] -%}
{%- set present = seen_columns(table) if execute and not is_switched_off(table) else {} -%}
{%- set forgetting = execute and not is_switched_off(table) and somebody_is_forgotten() -%}
{%- set prefix = 'raw_of_' -%}
select
    {%- for column in contract.columns %}
    {{ column.name }},
    {%- endfor %}
    {%- for extra in staged_extras(table) %}
    {{ extra }},
    {%- endfor %}
    landed_at,
    rejection_reason,
    case when rejection_reason {% if forgetting %}<> 'forgotten'{% else %}is not null{% endif %} then {% if present %}{{ json_object_of(present.keys() | list, prefix) }}{% else %}cast(null as {{ dbt.type_string() }}){% endif %} end as payload
from (
    select
        typed.*,
        {% if forgetting %}case when is_forgotten then 'forgotten' else {% endif %}{{ rejection_reason(table) }}{% if forgetting %} end{% endif %} as rejection_reason
    from (
        select
            {%- for column in contract.columns %}
            {{ typed_value(column, present) }} as {{ column.name }},
            {%- if column.get('required') or column.get('kind') %}
            {{ raw_text(column.name, present) if column.get('kind') else typed_value(column, present) }} as {{ column.name }}_raw,
            {%- endif %}
            {%- endfor %}
            {%- for extra in staged_extras(table) %}
            {{ typed_value({'name': extra}, present) }} as {{ extra }},
            {%- endfor %}
            {%- for name in present %}
            {{ adapter.quote(name) }} as {{ adapter.quote(prefix ~ name) }},
            {%- endfor %}
            {%- if forgetting %}
            is_forgotten,
            {%- endif %}
            {{ landed_at(table, present) }} as landed_at
        from {{ seen_rows(table, only) }}
        {{ restriction }}{{ computed_once() }}
    ) as typed{{ computed_once() }}
) as judged
{%- endmacro %}

{# What comes along beside the contract's columns. #}
{% macro staged_extras(table) -%}{{ return(var('user_segments', []) if table == 'users' else ['user_id', 'anonymous_id']) }}{%- endmacro %}

{# The first rule of the contract that a typed row breaks. #}
{% macro rejection_reason(table) -%}
{%- set contract = raw_contract()[table] -%}
{%- set is_person_table = table != 'users' -%}
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
            when {{ epoch_us(contract.moment) }} - {{ epoch_us('received_at') }} > {{ whole(number_var('max_clock_skew_hours', 24) * 3600000000) }} then 'occurred_in_future'
            {%- endif %}
        end
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
{%- if kind == 'text' and is_nested(native) -%}{{ json_of(quoted) }}
{%- elif kind == 'text' and is_float(native) -%}{{ text_of_float(quoted) }}
{%- elif kind == 'text' -%}{{ raw_text(column.name, present) }}
{%- elif kind == 'time' and native.startswith('timestamp') -%}{{ native_timestamp(quoted, native) }}
{%- elif kind == 'time' and native == 'date' -%}cast({{ quoted }} as timestamp)
{%- elif kind == 'number' and native and not is_text(native) -%}{{ finite('cast(' ~ quoted ~ ' as ' ~ type_double() ~ ')') }}
{%- elif kind == 'boolean' and native.startswith('bool') -%}{{ quoted }}
{%- elif kind == 'time' -%}{{ safe_cast_timestamp(raw_text(column.name, present)) }}
{%- elif kind == 'number' -%}{{ safe_cast_number(raw_text(column.name, present)) }}
{%- elif kind == 'boolean' -%}{{ parse_boolean(raw_text(column.name, present)) }}
{%- endif -%}
{%- endmacro %}

{% macro is_text(type) -%}
{{ return(('char' in type or 'text' in type or 'string' in type) and not is_nested(type) and not type.startswith('enum')) }}
{%- endmacro %}
{% macro is_float(type) -%}{{ return(type in ('double', 'double precision', 'float', 'real')) }}{%- endmacro %}
{# Lists, structs and maps. #}
{% macro is_nested(type) -%}{{ return(type.endswith(']') or type.startswith(('struct', 'map', 'array', 'union'))) }}{%- endmacro %}

{# An id that is stored as a float, as pandas does where one is missing: 25, not 25.0; NaN and infinity are null. #}
{% macro text_of_float(expression) -%}
(case when {{ expression }} between -9e18 and 9e18 and {{ expression }} = floor({{ expression }}) then cast(cast({{ expression }} as bigint) as {{ dbt.type_string() }}) else cast({{ finite(expression) }} as {{ dbt.type_string() }}) end)
{%- endmacro %}

{# A timestamp of the warehouse as naive UTC; `infinity` gives null. #}
{% macro native_timestamp(expression, type) -%}
{%- set naive = expression ~ " at time zone 'UTC'" if 'with time zone' in type or type == 'timestamptz' else 'cast(' ~ expression ~ ' as timestamp)' -%}
{#- DuckDB compares nanoseconds with no year outside 1677 to 2262 -#}
(case when {{ naive if type == 'timestamp_ns' else expression }} between timestamp '0001-01-01 00:00:00' and timestamp '9999-12-31 23:59:59.999999' then {{ naive }} end)
{%- endmacro %}
