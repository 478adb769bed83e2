{#
  Seeds are loaded as text and typed here. `typed_seed` is what the rules look at; `configuration` is the same behind the gate:
  it waits for `seed_violations`, so that a broken seed skips whatever reads a cfg_ model.
#}
{% macro configuration(seed) -%}
-- depends_on: {{ ref('seed_violations') }}
{{ typed_seed(seed) }}
{%- endmacro %}

{# A seed with the contract's columns in the contract's types; what is empty or cannot be cast is null, or the column's default. #}
{% macro typed_seed(seed) -%}
select
    {%- for name, column in seed_contract()[seed].columns.items() %}
    {% if 'default' in column %}coalesce({{ seed_value(name, column) }}, {{ seed_default(column) }}){% else %}{{ seed_value(name, column) }}{% endif %} as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
from (
{{ raw_seed(seed) }}
) as {{ seed }}_as_text
{%- endmacro %}

{# A seed with the contract's columns as text; an empty cell, a column that is not in the file and a file that is not there are null. #}
{% macro raw_seed(seed) -%}
{%- set present = seed_columns_in_file(seed) -%}
    select
        {%- for name in seed_contract()[seed].columns %}
        {% if name in present %}nullif(cast({{ adapter.quote(present[name]) }} as {{ dbt.type_string() }}), ''){% else %}cast(null as {{ dbt.type_string() }}){% endif %} as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {% if seed_is_there(seed) %}{{ ref(seed) }}{% else %}(select 1 as nothing) as no_file where 1 = 0{% endif %}
{%- endmacro %}

{#
  Does the seed's file exist? dbt refuses a ref() to a file that is not there, and while it parses it offers no list of seeds:
  so the files of the manifest in the making are asked. Where they cannot be asked, the file is taken to be there.
#}
{% macro seed_is_there(seed) -%}
{%- if execute -%}
    {%- set node = seed_node(seed) -%}
    {%- if node and model.resource_type == 'model' and node.unique_id not in model.depends_on.nodes -%}
        {{ exceptions.raise_compiler_error(node.original_file_path ~ ' is new to dbt: run dbt once with --no-partial-parse.') }}
    {%- endif -%}
    {{ return(node is not none) }}
{%- elif ref.manifest is not defined -%}
    {{ return(true) }}
{%- endif -%}
{%- for file in ref.manifest.files.values() if file.parse_file_type == 'seed' and file.file_id.split('/')[-1] == seed ~ '.csv' -%}
    {{ return(true) }}
{%- endfor -%}
{{ return(false) }}
{%- endmacro %}

{% macro seed_node(seed) -%}
{{ return(ref.manifest.nodes.get('seed.empathy_roi.' ~ seed)) }}
{%- endmacro %}

{# The file as the user knows it. #}
{% macro seed_file(seed) -%}
{%- set node = seed_node(seed) if execute else none -%}
{{ return(node.original_file_path if node else env_var('EMPATHY_ROI_SEEDS', 'seeds').rstrip('/') ~ '/' ~ seed ~ '.csv') }}
{%- endmacro %}

{# The contract's columns that the loaded file has, by the name they bear there; all of them while nothing is loaded. #}
{% macro seed_columns_in_file(seed) -%}
{%- if execute and seed in memory().seed_columns -%}{{ return(memory().seed_columns[seed]) }}{%- endif -%}
{%- set present = {} -%}
{%- set relation = load_relation(ref(seed)) if execute and seed_is_there(seed) else none -%}
{%- if relation -%}
    {%- for column in adapter.get_columns_in_relation(relation) if column.name | lower in seed_contract()[seed].columns -%}
        {%- do present.update({column.name | lower: column.name}) -%}
    {%- endfor -%}
    {%- do memory().seed_columns.update({seed: present}) -%}
{%- elif not execute or seed_is_there(seed) -%}
    {%- for name in seed_contract()[seed].columns -%}{%- do present.update({name: name}) -%}{%- endfor -%}
{%- endif -%}
{{ return(present) }}
{%- endmacro %}

{# One column in its kind, or null. #}
{% macro seed_value(name, column) -%}
{%- set kind = column.get('kind', 'text') -%}
{%- if kind == 'integer' -%}{{ seed_integer(name) }}
{%- elif kind == 'number' -%}{{ safe_cast_number(name) }}
{%- elif kind == 'boolean' -%}{{ parse_boolean(name) }}
{%- elif kind == 'date' -%}{{ seed_date(name) }}
{%- elif kind == 'clock' -%}{{ seed_clock(name) }}
{%- else -%}{{ name }}
{%- endif -%}
{%- endmacro %}

{% macro seed_default(column) -%}
{%- if column.get('kind', 'text') == 'text' -%}'{{ column.default }}'
{%- elif column.kind == 'integer' -%}cast({{ column.default }} as bigint)
{%- else -%}cast({{ column.default }} as {{ type_double() }})
{%- endif -%}
{%- endmacro %}

{# A whole number of at most 15 digits. #}
{% macro seed_integer(text) -%}
(case when {{ matches(text, '[+-]?[0-9]{1,15}([.]0*)?') }} then cast({{ safe_cast_number(text) }} as bigint) end)
{%- endmacro %}

{# A day of the calendar as YYYY-MM-DD. #}
{% macro seed_date(text) -%}
(case when {{ matches(text, '[0-9]{4}-[0-9]{2}-[0-9]{2}') }} then cast({{ safe_cast_timestamp(text) }} as date) end)
{%- endmacro %}

{# A time of day as HH:MM, up to 24:00. #}
{% macro seed_clock(text) -%}
(case when {{ matches(text, '([01][0-9]|2[0-3]):[0-5][0-9]|24:00') }} then {{ text }} end)
{%- endmacro %}
