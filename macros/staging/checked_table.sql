{#
  Every row of a raw table, checked once: typed, accepted (`copy_number` 1), a copy of an accepted one (2 and on) or rejected
  (null). Of copies the one received first counts, then the one that happened first, then whichever comes first by its content, so
  that the order of the rows never matters.

  An increment reads what has landed (files that have come, or landing hours that differ from what has been read), and ranks anew whatever
  shares a key with it; both replace what is there by key. A row without a key carries '' in its place; where files came, those that are there stay.
#}
{% macro checked_table(table) -%}
{%- set contract = raw_contract()[table] -%}
{%- set key = contract.columns[0].name -%}
{{ config(
    materialized='incremental', incremental_strategy='delete+insert', unique_key=key, on_schema_change='fail', meta={'is_always_full': table == 'users', 'raw_table': table},
    pre_hook="{{ begin_build() }}"
) }}
{%- set landing = what_landed(table) if table != 'users' and builds_increment() else none -%}
-- depends_on: {{ ref('seed_violations') }}
with

{% if landing is not none and not landing.is_rewritten -%}
{{ increment_marker() }}
landed as (

    {{ with_key(table, checked_rows(table, landed_in(table, landing), landing.files or none)) }}

),

{% if not landing.hours -%}
keyed as (

    select {{ key }} from landed where {{ key }} <> ''

),

{% endif -%}
numbered as (

    {{ with_copy_number(table, 'landed') }}
    from (
        select * from landed
        union all
        select {{ checked_columns(table) | join(', ') }} from {{ this }}
        where
            {{ has_key_of(this, key, 'landed' if landing.hours else 'keyed') }}
            {%- if landing.hours %}
            and {{ landing_hour('landed_at') }} not in ({{ hour_list(landing.hours) }})
            {%- endif %}
    ) as landed

)

select * from numbered
{%- else -%}
-- only what shares its key with another row has to be ranked
repeated_keys as (

    select {{ adapter.quote(key) }} as repeated_key
    from {{ seen_rows(table) }}
    group by {{ adapter.quote(key) }}
    having count(*) > 1

),

single as (

    {{ with_key(table, checked_rows(table, 'left join repeated_keys on ' ~ adapter.quote(key) ~ ' = repeated_keys.repeated_key where repeated_keys.repeated_key is null')) }}

),

repeated as (

    {{ with_key(table, checked_rows(table, 'inner join repeated_keys on ' ~ adapter.quote(key) ~ ' = repeated_keys.repeated_key')) }}

)

select
    {{ checked_columns(table) | join(',\n    ') }},
    case when rejection_reason is null then cast(1 as bigint) end as copy_number,
    {{ run_number() }} as run_no
from single
union all
{{ with_copy_number(table, 'repeated') }}
from repeated
{%- endif %}
{%- endmacro %}

{% macro checked_columns(table) -%}
{{ return(raw_contract()[table].columns | map(attribute='name') | list + staged_extras(table) + ['landed_at', 'rejection_reason', 'payload']) }}
{%- endmacro %}

{# Rows with '' for the key that is missing, and without a score that is to be ignored. #}
{% macro with_key(table, query) -%}
{%- set contract = raw_contract()[table] -%}
select
        {%- for name in checked_columns(table) %}
        {%- set column = contract.columns | selectattr('name', 'equalto', name) | first | default({}) %}
        {% if name == contract.columns[0].name %}coalesce({{ name }}, ''){% elif column.get('ignored_if') %}case when not {{ column.ignored_if }} or rejection_reason is not null then {{ name }} end{% else %}{{ name }}{% endif %} as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from (
{{ query }}
    ) as checked
{%- endmacro %}

{# Copies in one order on every engine, which differ in where nulls stand unless they are told. #}
{% macro with_copy_number(table, relation) -%}
{%- set contract = raw_contract()[table] -%}
{%- set key = contract.columns[0].name -%}
select
    {{ checked_columns(table) | join(',\n    ') }},
    case when rejection_reason is null then row_number() over (
        partition by {{ key }}, case when rejection_reason is null then 0 else 1 end
        order by
            {% if table == 'users' -%}
            updated_at desc nulls last, created_at desc nulls last
            {%- else -%}
            received_at, {{ contract.moment }}
            {%- endif -%}
            {%- for name in contract.columns | map(attribute='name') | list + staged_extras(table) if name not in (key, 'received_at', 'updated_at', contract.moment) -%}
            , {{ by_bytes(name) if name not in ('score', 'amount', 'is_granted', 'is_machine') else name }} nulls last
            {%- endfor -%}
            , landed_at nulls last
    ) end as copy_number,
    {{ run_number() }} as run_no
{%- endmacro %}

{# Rows without a key share none: where files came, none of them is replaced. Takes the place of dbt's macro of this name. #}
{% macro duckdb__get_incremental_delete_insert_sql(arg_dict) -%}
{%- if memory().landing.get(model.config.get('meta', {}).get('raw_table'), {}).get('files') -%}
    {%- do arg_dict.update({'incremental_predicates': [arg_dict.unique_key ~ " <> ''"]}) -%}
{%- endif -%}
{{ return(default__get_incremental_delete_insert_sql(arg_dict)) }}
{%- endmacro %}
