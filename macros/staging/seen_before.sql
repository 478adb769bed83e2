{# What of its files the last build of a raw table has seen, and which of them hold something else now. #}

{# The files that the last build of a raw table has read, if all of them are as they were; nothing otherwise, or where no file is named. #}
{% macro files_read_before(table) -%}
{%- set before, now = noted_before(files_note(table), table), file_marks(table) -%}
{%- for file, noted in before.items() if not now.get(file) or noted.split('|')[0] != now[file] -%}{{ return({}) }}{%- endfor -%}
{{ return(before) }}
{%- endmacro %}

{# Have rows of Parquet files that the last build has read been changed, of whatever size and age the files are now? #}
{% macro has_changed_files(table) -%}
{%- set before, now = noted_before(files_note(table), table), file_marks(table) -%}
{%- set changed = now.keys() | select('in', before) | reject('in', unchanged_files(before, now)) | list -%}
{%- set digests = row_digests(table, changed) -%}
{%- for file in changed if '|' in before[file] and before[file].split('|')[1] != digests.get(file, '') -%}{{ return(true) }}{%- endfor -%}
{{ return(false) }}
{%- endmacro %}

{% macro unchanged_files(before, now) -%}
{%- set found = [] -%}
{%- for file, mark in now.items() if before.get(file, '').split('|')[0] == mark -%}{%- do found.append(file) -%}{%- endfor -%}
{{ return(found) }}
{%- endmacro %}

{#
  Beside what a build is made of, what it reads: the files as they are before it reads them, each with a digest of its rows; of text files the
  landing hours, likewise.
#}
{% macro noted_files() -%}
{%- set table = model.config.get('meta', {}).get('raw_table') -%}
{%- if table and table != 'users' -%}
    {%- set before, now = noted_before(files_note(table), table), file_marks(table) -%}
    {%- set kept = unchanged_files(before, now) -%}
    {%- set digests = row_digests(table, now.keys() | reject('in', kept) | list) -%}
    {%- set noted = {} -%}
    {%- for file, mark in now.items() -%}{%- do noted.update({file: before[file] if file in kept else mark ~ '|' ~ digests.get(file, '')}) -%}{%- endfor -%}
    {%- for note, content in {files_note(table): noted, hours_note(table): text_hours(table)}.items() if content %}
delete from {{ builds_relation() }} where model_name = '{{ note }}';
insert into {{ builds_relation() }} select '{{ note }}', max(run_no), null, {{ literal(tojson(content)) }}, null from {{ builds_relation() }};
    {%- endfor -%}
{%- endif -%}
{%- endmacro %}

{% macro files_note(table) -%}{{ return('(files of ' ~ table ~ ')') }}{%- endmacro %}
{% macro hours_note(table) -%}{{ return('(hours of ' ~ table ~ ')') }}{%- endmacro %}

{# What the last build of a raw table has noted under a name. #}
{% macro noted_before(note, table) -%}
{%- set noted, built = last_build(note), last_build('int_checked_' ~ table) -%}
{{ return(fromjson(noted.fingerprint) if noted and built and noted.run_no == built.run_no else {}) }}
{%- endmacro %}

{# Of a raw table in text files: by landing hour how many rows it has, and a digest of them. Nothing where it is anything else. #}
{% macro text_hours(table) -%}
{%- if is_switched_off(table) or not is_text_file(table) -%}{{ return({}) }}{%- endif -%}
{%- set once = memory().once -%}
{%- if hours_note(table) not in once -%}
    {%- set found = {} -%}
    {%- set present = raw_columns(table) -%}
    {%- for row in run_query(
        'select cast(' ~ landing_hour(landed_at(table, present)) ~ ' as ' ~ dbt.type_string() ~ '), ' ~ digest_of_rows(present) ~ ' from ' ~ raw_from(table) ~ ' as raw_rows group by 1 order by 1'
    ).rows -%}
        {%- do found.update({row[0]: row[1]}) -%}
    {%- endfor -%}
    {%- do once.update({hours_note(table): found}) -%}
{%- endif -%}
{{ return(once[hours_note(table)]) }}
{%- endmacro %}

{# The landing hours of text files that differ from what the last build has noted; nothing where it noted none. #}
{% macro hours_of_text(table) -%}
{%- set before, now = noted_before(hours_note(table), table), text_hours(table) -%}
{%- if not before -%}{{ return(none) }}{%- endif -%}
{%- set landing = {'hours': [], 'is_rewritten': false} -%}
{%- for hour in (before.keys() | list + now.keys() | list) | unique | sort if before.get(hour) != now.get(hour) -%}
    {%- do landing.hours.append(hour) -%}
    {%- if now.get(hour, '0').split(' ')[0] | int <= before.get(hour, '0').split(' ')[0] | int -%}{%- do landing.update({'is_rewritten': true}) -%}{%- endif -%}
{%- endfor -%}
{{ return(landing) }}
{%- endmacro %}
