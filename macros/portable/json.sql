{# JSON texts: one key of one, and objects made of columns or keys, without blanks, whatever the engine's own form. #}

{# One key of a JSON text; null where the text is no JSON object or has no such key. #}
{% macro json_text(expression, key) -%}{{ return(adapter.dispatch('json_text', 'empathy_roi')(expression, key)) }}{%- endmacro %}
{% macro default__json_text(expression, key) -%}get_json_object({{ expression }}, '$.{{ key }}'){%- endmacro %}
{% macro duckdb__json_text(expression, key) -%}
(case when json_valid({{ expression }}) then json_extract_string({{ expression }}, '$."{{ key | replace("'", "''") }}"') end)
{%- endmacro %}
{% macro postgres__json_text(expression, key) -%}
({{ adapter.quote(target.schema) }}.json_or_null({{ expression }}) ->> {{ literal(key) }})
{%- endmacro %}

{# A list, struct or map as JSON text. #}
{% macro json_of(expression) -%}{{ return(adapter.dispatch('json_of', 'empathy_roi')(expression)) }}{%- endmacro %}
{% macro default__json_of(expression) -%}cast(to_json({{ expression }}) as {{ dbt.type_string() }}){%- endmacro %}
{% macro spark__json_of(expression) -%}to_json({{ expression }}){%- endmacro %}

{# A JSON object, as text, of columns under their own names (without the prefix that they carry here); a null stays null. #}
{% macro json_object_of(columns, prefix='') -%}{{ return(adapter.dispatch('json_object_of', 'empathy_roi')(columns, prefix)) }}{%- endmacro %}
{% macro default__json_object_of(columns, prefix='') -%}
cast(json_object({% for column in columns %}{{ literal(column) }}, {{ adapter.quote(prefix ~ column) }}{{ ', ' if not loop.last }}{% endfor %}) as varchar)
{%- endmacro %}
{% macro postgres__json_object_of(columns, prefix='') -%}
{%- set values = [] -%}
{%- for column in columns -%}{%- do values.append(adapter.quote(prefix ~ column)) -%}{%- endfor -%}
{{ empathy_roi.json_object_by_hand(columns, values) }}
{%- endmacro %}
{% macro spark__json_object_of(columns, prefix='') -%}
to_json(named_struct({% for column in columns %}'{{ column | replace("'", "\\'") }}', {{ adapter.quote(prefix ~ column) }}{{ ', ' if not loop.last }}{% endfor %}), map('ignoreNullFields', 'false'))
{%- endmacro %}

{# Some keys of a JSON text as a JSON object of their own; a key that is not there is null. #}
{% macro json_object_of_values(keys, expression) -%}{{ return(adapter.dispatch('json_object_of_values', 'empathy_roi')(keys, expression)) }}{%- endmacro %}
{% macro default__json_object_of_values(keys, expression) -%}
cast(json_object({% for key in keys %}{{ literal(key) }}, {{ json_text(expression, key) }}{{ ', ' if not loop.last }}{% endfor %}) as varchar)
{%- endmacro %}
{% macro postgres__json_object_of_values(keys, expression) -%}
{%- set values = [] -%}
{%- for key in keys -%}{%- do values.append(json_text(expression, key)) -%}{%- endfor -%}
{{ empathy_roi.json_object_by_hand(keys, values) }}
{%- endmacro %}
{% macro spark__json_object_of_values(keys, expression) -%}
to_json(map({% for key in keys %}{{ literal(key) }}, {{ json_text(expression, key) }}{{ ', ' if not loop.last }}{% endfor %}))
{%- endmacro %}

{# Postgres writes json_build_object with blanks; this is the form of the others. #}
{% macro json_object_by_hand(keys, values) -%}
('{' || {% for key in keys %}{{ literal(tojson(key) ~ ':') }} || coalesce(cast(to_json({{ values[loop.index0] }}) as text), 'null') || {{ "',' || " if not loop.last }}{% endfor %}'}')
{%- endmacro %}

{# What an engine lacks and a macro needs, made before anything is built. #}
{% macro create_helpers() -%}{{ return(adapter.dispatch('create_helpers', 'empathy_roi')()) }}{%- endmacro %}
{% macro default__create_helpers() -%}{%- endmacro %}
{% macro postgres__create_helpers() -%}
{%- if execute and flags.WHICH in ('build', 'run') %}
create or replace function {{ adapter.quote(target.schema) }}.json_or_null(content text) returns json
language plpgsql immutable strict parallel safe as $$
begin
    return content::json;
exception when others then
    return null;
end
$$
{%- endif %}
{%- endmacro %}
