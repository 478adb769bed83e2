{# Which files a raw table is made of, where an engine reads files. #}

{# Is a raw table in text files? #}
{% macro is_text_file(table) -%}{{ return(target.type == 'duckdb' and '.csv' in (raw_files(table) or '')) }}{%- endmacro %}

{# The Parquet files of a raw table, listed once a run: what comes while it runs is read by the next. Nothing where it is anything else. #}
{% macro parquet_files(table) -%}
{%- if not execute or is_text_file(table) -%}{{ return([]) }}{%- endif -%}
{%- set known = memory().raw_files -%}
{%- if table not in known -%}
    {%- do known.update({table: run_query('select file from glob(' ~ literal(raw_files(table)) ~ ') order by 1').rows | map(attribute=0) | list}) -%}
{%- endif -%}
{{ return(known[table]) }}
{%- endmacro %}

{#
  By file of a raw table what tells whether it is as it was: size, time of change, and a digest of what its footer says of every part of every
  column (counts, least and greatest value, bytes; nothing, in a file without rows). Nothing where the rows are not in such files.
#}
{% macro file_marks(table) -%}
{%- set known = memory().file_marks -%}
{%- if table not in known -%}{%- do known.update({table: adapter.dispatch('file_marks', 'empathy_roi')(table)}) -%}{%- endif -%}
{{ return(known[table]) }}
{%- endmacro %}

{% macro default__file_marks(table) -%}{{ return({}) }}{%- endmacro %}

{% macro duckdb__file_marks(table) -%}
{%- set marks = {} -%}
{%- if not is_switched_off(table) and raw_files(table) and parquet_files(table) -%}
    {%- set list = file_list(parquet_files(table), true) -%}
    {%- for row in run_query(
        "select files.filename, concat_ws(' ', files.size, epoch_us(files.last_modified), parts.digest) from read_blob(" ~ list ~ ') as files '
        ~ 'left join (select file_name, sum(hash(part)) as digest from parquet_metadata(' ~ list ~ ') as part group by file_name) as parts on files.filename = parts.file_name order by 1'
    ).rows -%}
        {%- do marks.update({row[0]: row[1]}) -%}
    {%- endfor -%}
    {#- what cannot be told of one file is told of none -#}
    {%- if marks | length < parquet_files(table) | length -%}{{ return({}) }}{%- endif -%}
{%- endif -%}
{{ return(marks) }}
{%- endmacro %}

{# By file, of some Parquet files of a raw table, a digest of its rows; a file without rows has none. #}
{% macro row_digests(table, files) -%}
{%- set found = {} -%}
{%- if files -%}
    {%- for row in run_query('select file_of_row, ' ~ digest_of_rows(raw_columns(table)) ~ ' from ' ~ raw_relation(table, files) ~ ' as raw_rows group by file_of_row').rows -%}
        {%- do found.update({row[0]: row[1]}) -%}
    {%- endfor -%}
{%- endif -%}
{{ return(found) }}
{%- endmacro %}
