{# Text in the order of its bytes, whatever the collation of the warehouse. #}
{% macro by_bytes(expression) -%}{{ return(adapter.dispatch('by_bytes', 'empathy_roi')(expression)) }}{%- endmacro %}
{% macro default__by_bytes(expression) -%}{{ expression }}{%- endmacro %}
{% macro postgres__by_bytes(expression) -%}{{ expression }} collate "C"{%- endmacro %}

{# One key of a JSON text; null where the text is no JSON object or has no such key. #}
{% macro json_text(expression, key) -%}{{ return(adapter.dispatch('json_text', 'empathy_roi')(expression, key)) }}{%- endmacro %}
{% macro default__json_text(expression, key) -%}get_json_object({{ expression }}, '$.{{ key }}'){%- endmacro %}
{% macro duckdb__json_text(expression, key) -%}
(case when json_valid({{ expression }}) then json_extract_string({{ expression }}, '$."{{ key | replace("'", "''") }}"') end)
{%- endmacro %}

{# A JSON object, as text, of columns under their own names; a null stays null. #}
{% macro json_object_of(columns) -%}{{ return(adapter.dispatch('json_object_of', 'empathy_roi')(columns)) }}{%- endmacro %}
{% macro default__json_object_of(columns) -%}
cast(json_build_object({% for column in columns %}'{{ column | replace("'", "''") }}', {{ adapter.quote(column) }}{{ ', ' if not loop.last }}{% endfor %}) as text)
{%- endmacro %}
{% macro duckdb__json_object_of(columns) -%}
cast(json_object({% for column in columns %}'{{ column | replace("'", "''") }}', {{ adapter.quote(column) }}{{ ', ' if not loop.last }}{% endfor %}) as varchar)
{%- endmacro %}
{% macro spark__json_object_of(columns) -%}
to_json(named_struct({% for column in columns %}'{{ column | replace("'", "\\'") }}', {{ adapter.quote(column) }}{{ ', ' if not loop.last }}{% endfor %}), map('ignoreNullFields', 'false'))
{%- endmacro %}

{# Some keys of a JSON text as a JSON object of their own; a key that is not there is null. #}
{% macro json_object_of_values(keys, expression) -%}{{ return(adapter.dispatch('json_object_of_values', 'empathy_roi')(keys, expression)) }}{%- endmacro %}
{% macro default__json_object_of_values(keys, expression) -%}
cast(json_build_object({% for key in keys %}{{ literal(key) }}, {{ json_text(expression, key) }}{{ ', ' if not loop.last }}{% endfor %}) as text)
{%- endmacro %}
{% macro duckdb__json_object_of_values(keys, expression) -%}
cast(json_object({% for key in keys %}{{ literal(key) }}, {{ json_text(expression, key) }}{{ ', ' if not loop.last }}{% endfor %}) as varchar)
{%- endmacro %}
{% macro spark__json_object_of_values(keys, expression) -%}
to_json(map({% for key in keys %}{{ literal(key) }}, {{ json_text(expression, key) }}{{ ', ' if not loop.last }}{% endfor %}))
{%- endmacro %}

{# A value as a SQL literal. #}
{% macro literal(text) -%}'{{ text | string | replace("'", "''") }}'{%- endmacro %}
