{# What a raw table must be before anything is built. #}

{#
  Before anything is built: every raw table that is switched on can be read and has the columns it must have. All that is wrong
  is said at once, and nothing has been touched.
#}
{% macro check_raw_tables() -%}
{%- if execute and flags.WHICH in ('build', 'run') -%}
    {%- set settings, faults = setting_faults(), [] -%}
    {%- for table, contract in raw_contract().items() if not is_switched_off(table) -%}
        {%- set fault = raw_table_fault(table) -%}
        {%- if fault -%}
            {%- do faults.append(fault) -%}
        {%- else -%}
            {%- set present = raw_columns(table) -%}
            {%- for column in contract.columns if column.get('required') and column.name not in present -%}
                {%- do faults.append("raw table '" ~ table ~ "' has no column '" ~ column.name ~ "', which the raw contract requires") -%}
            {%- endfor -%}
            {%- if table == 'users' -%}
                {%- for name in var('user_segments', []) or [] if name is string and name not in present -%}
                    {%- do faults.append("variable 'user_segments' names \"" ~ name ~ "\", which raw table 'users' does not have; it has " ~ present.keys() | sort | join(', ')) -%}
                {%- endfor -%}
            {%- endif -%}
            {%- set single = contract.columns | rejectattr('may_be_nested', 'defined') | map(attribute='name') | list + staged_extras(table) + ['loaded_at'] -%}
            {%- for name in single | unique if is_nested(present.get(name, '')) -%}
                {%- do faults.append("raw table '" ~ table ~ "' has lists or structs in column '" ~ name ~ "' (" ~ present[name] ~ '), where the raw contract wants one value') -%}
            {%- endfor -%}
            {%- if table != 'users' and 'user_id' not in present and 'anonymous_id' not in present -%}
                {%- do faults.append("raw table '" ~ table ~ "' has neither a column 'user_id' nor 'anonymous_id'") -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set advice = ' Say where the raw tables are with raw_location (files) or raw_schema, switch off what you do not have with disabled_tables, '
        ~ 'or make some with `empathy-roi simulate data/raw`.' -%}
    {%- if settings or faults -%}
        {%- do exceptions.raise_compiler_error('Nothing was built: ' ~ (settings + faults) | join('; ') ~ '.' ~ (advice if faults else '')) -%}
    {%- endif -%}
{%- endif -%}
{%- endmacro %}

{# Why the raw table cannot be read, or nothing. #}
{% macro raw_table_fault(table) -%}{{ return(adapter.dispatch('raw_table_fault', 'empathy_roi')(table)) }}{%- endmacro %}

{% macro default__raw_table_fault(table) -%}
{%- set relation = source('raw', table) -%}
{%- if adapter.get_relation(relation.database, relation.schema, relation.identifier) is none -%}
    {{ return("raw table '" ~ table ~ "' is not there: no relation " ~ relation) }}
{%- endif -%}
{%- endmacro %}

{# Asked of the catalogue, which everybody may read and which knows every kind of relation. #}
{% macro postgres__raw_table_fault(table) -%}
{%- set relation = source('raw', table) -%}
{%- set found = run_query(
    "select current_user, has_schema_privilege(relnamespace, 'usage'), has_any_column_privilege(pg_class.oid, 'select'), relispopulated, "
    ~ '(select string_agg(attname, chr(10)) from pg_attribute where attrelid = pg_class.oid and attnum > 0 and not attisdropped '
    ~ "and not has_column_privilege(attrelid, attnum, 'select')) "
    ~ 'from pg_class inner join pg_namespace on relnamespace = pg_namespace.oid '
    ~ 'where nspname = ' ~ literal(relation.schema) ~ ' and relname = ' ~ literal(relation.identifier)
    ~ " and relkind in ('r', 'p', 'f', 'v', 'm')"
).rows | first -%}
{%- if not found -%}{{ return("raw table '" ~ table ~ "' is not there: no relation " ~ relation) }}{%- endif -%}
{%- set role, may_use, may_read, is_filled, hidden = found -%}
{%- set place = "raw table '" ~ table ~ "' (" ~ relation.schema ~ '.' ~ relation.identifier ~ '): ' -%}
{%- if not may_use or not may_read -%}
    {%- set missing = ([] if may_use else ['usage on its schema']) + ([] if may_read else ['select on it']) -%}
    {{ return(place ~ 'role ' ~ role ~ ' may not read it; grant ' ~ missing | join(' and ')) }}
{%- endif -%}
{%- for column in raw_contract()[table].columns if column.get('required') and column.name in (hidden or '').splitlines() -%}
    {{ return(place ~ 'role ' ~ role ~ " may not read column '" ~ column.name ~ "', which the raw contract requires; grant select on it") }}
{%- endfor -%}
{%- if not is_filled -%}{{ return(place ~ 'the materialized view has never been filled; refresh it') }}{%- endif -%}
{%- endmacro %}

{% macro duckdb__raw_table_fault(table) -%}
{%- set files = raw_files(table) -%}
{%- if not files -%}
    {#- asked in SQL: the adapter's own look-up leaves a transaction open, and what the next hooks write would be rolled back -#}
    {%- set relation = source('raw', table) -%}
    {%- set found = run_query('select count(*) from information_schema.tables where table_schema = ' ~ literal(relation.schema) ~ ' and table_name = ' ~ literal(relation.identifier)) -%}
    {{ return("raw table '" ~ table ~ "' is not there: no relation " ~ relation if found.rows[0][0] == 0 else none) }}
{%- endif -%}
{%- if run_query('select count(*) from glob(' ~ literal(files) ~ ')').rows[0][0] == 0 -%}
    {{ return("raw table '" ~ table ~ "' is not there: no file fits " ~ files) }}
{%- endif -%}
{%- set present = raw_columns(table) -%}
{%- if '.csv' in files and (not present or (present | length == 1 and ';' in present.keys() | first)) -%}
    {{ return("raw table '" ~ table ~ "' has one column only: the cells of its CSV file are separated by semicolons or tabs; save it with commas") }}
{%- endif -%}
{%- endmacro %}
