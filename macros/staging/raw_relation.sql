{# Where a raw table is, and what columns it has. #}

{% macro is_switched_off(table) -%}{{ return(table in (var('disabled_tables', []) or [])) }}{%- endmacro %}

{# The relation to select from: the source's table, or, on an engine that reads files, the files of `raw_location`, or those of `only`. #}
{% macro raw_relation(table, only=none) -%}
{%- set relation = source('raw', table) -%}
{{ return(adapter.dispatch('raw_relation', 'empathy_roi')(table, relation, only)) }}
{%- endmacro %}

{% macro default__raw_relation(table, relation, only) -%}{{ return(relation) }}{%- endmacro %}

{% macro duckdb__raw_relation(table, relation, only) -%}
{%- set files = raw_files(table) -%}
{%- if not files -%}{{ return(relation) }}{%- endif -%}
{%- if '.csv' in files -%}
    {#- nothing is left to be guessed: an id with `#` in front is no comment, and no row before another header is skipped -#}
    {{ return("read_csv(" ~ literal(files) ~ ", all_varchar = true, header = true, delim = ',', quote = '\"', escape = '\"', comment = '', skip = 0, union_by_name = true, max_line_size = 33554432)") }}
{%- else -%}
    {%- set list = file_list(parquet_files(table), true) or literal(files) -%}
    {%- if only is none -%}{{ return("read_parquet(" ~ list ~ ", union_by_name = true)") }}{%- endif -%}
    {#- all are named, so that the columns and their types are those of all; the others are not opened beyond that -#}
    {{ return("(select * from read_parquet(" ~ list ~ ", union_by_name = true, filename = 'file_of_row') where list_contains(" ~ file_list(only) ~ ", file_of_row))") }}
{%- endif -%}
{%- endmacro %}

{# Names of files as a list of DuckDB's; as patterns, in which a name with `[`, `*` or `?` stands for itself. #}
{% macro file_list(files, as_patterns=false) -%}
{%- set names = [] -%}
{%- for file in files -%}{%- do names.append(literal(modules.re.sub('[*?[]', '[\\g<0>]', file) if as_patterns else file)) -%}{%- endfor -%}
{{ return('[' ~ names | join(', ') ~ ']' if names else '') }}
{%- endmacro %}

{# The files of a raw table as a path or pattern, a folder meaning the Parquet files in it; nothing where it is a table. #}
{% macro raw_files(table) -%}
{%- set location = env_var('EMPATHY_ROI_RAW_LOCATION', '') or var('raw_location', none) -%}
{%- if location -%}
    {%- set path = location | replace('{table}', table) -%}
    {{ return(path if ('.csv' in location or '.parquet' in location) else path.rstrip('/') ~ '/**/*.parquet') }}
{%- endif -%}
{{ return(none) }}
{%- endmacro %}

{# Name -> type of the raw table's columns, names in lower case. A column whose name carries a quotation mark or a control character is ignored. #}
{% macro raw_columns(table) -%}
{%- set known = memory().raw_columns -%}
{%- if table not in known -%}{%- do known.update({table: adapter.dispatch('raw_columns', 'empathy_roi')(table)}) -%}{%- endif -%}
{{ return(known[table]) }}
{%- endmacro %}

{# The adapter would give the fields of a struct in its place. #}
{% macro duckdb__raw_columns(table) -%}
{%- set types = {} -%}
{%- for row in run_query('describe (select * from ' ~ raw_relation(table) ~ ' limit 0)').rows if is_plain_name(row[0]) -%}
    {%- do types.update({row[0] | lower: row[1] | lower}) -%}
{%- endfor -%}
{{ return(types) }}
{%- endmacro %}

{% macro is_plain_name(name) -%}{{ return(modules.re.search('["`\\x00-\\x1f]', name) is none) }}{%- endmacro %}

{#
  From the catalogue itself, and under its types' names in `information_schema`, which knows no materialized view: an array is `array`,
  a domain is what it is made of. A column that the role may not read is none, nor is one with capital letters: Postgres takes names as
  they are written.
#}
{% macro postgres__raw_columns(table) -%}
{%- set types = {} -%}
{%- for row in run_query(
    "select attname, case when bare.typelem <> 0 and bare.typlen = -1 then 'array' "
    ~ "when bare.typnamespace = 'pg_catalog'::regnamespace then format_type(bare.oid, null) else 'user-defined' end "
    ~ 'from pg_attribute inner join pg_type as own on atttypid = own.oid '
    ~ "inner join pg_type as bare on bare.oid = case own.typtype when 'd' then own.typbasetype else own.oid end "
    ~ 'where attrelid = to_regclass(' ~ literal(source('raw', table).include(database=false)) ~ ') and attnum > 0 and not attisdropped '
    ~ "and has_column_privilege(attrelid, attnum, 'select') order by attnum"
).rows if is_plain_name(row[0]) and row[0] == row[0] | lower -%}
    {%- do types.update({row[0]: row[1] | lower}) -%}
{%- endfor -%}
{{ return(types) }}
{%- endmacro %}

{# A cursor tells only families of types on Spark: the catalogue tells them all. #}
{% macro default__raw_columns(table) -%}
{%- set types = {} -%}
{%- for column in adapter.get_columns_in_relation(raw_relation(table)) if is_plain_name(column.name) -%}
    {%- do types.update({column.name | lower: column.dtype | lower}) -%}
{%- endfor -%}
{{ return(types) }}
{%- endmacro %}

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
{%- if '.csv' in files and (not raw_columns(table) or (raw_columns(table) | length == 1 and ';' in raw_columns(table).keys() | first)) -%}
    {{ return("raw table '" ~ table ~ "' has one column only: the cells of its CSV file are separated by semicolons or tabs; save it with commas") }}
{%- endif -%}
{%- endmacro %}
