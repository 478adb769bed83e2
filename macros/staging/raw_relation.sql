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
{%- if is_text_file(table) -%}
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
