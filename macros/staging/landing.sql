{#
  What landed since the last run. A row lands at `loaded_at`, or else at `received_at`; a row that has neither has no landing hour
  and is rejected. Per landing hour the raw table is counted and compared with what has been read of it: the hours that differ
  are read again. So nothing hangs on the order in which rows come, nor on a clock that runs ahead.
#}
{% macro landed_at(table, present) -%}
{%- set loaded = typed_value({'name': 'loaded_at', 'kind': 'time'}, present) -%}
{%- set received = typed_value({'name': 'received_at', 'kind': 'time'}, present) if table != 'users' else 'cast(null as timestamp)' -%}
{{ 'coalesce(' ~ loaded ~ ', ' ~ received ~ ')' if 'loaded_at' in present else received }}
{%- endmacro %}

{% macro landing_hour(moment) -%}coalesce({{ dbt.date_trunc('hour', moment) }}, timestamp '0001-01-01 00:00:00'){%- endmacro %}

{#
  What an increment of a raw table reads: the files that have come, where none of those read before has changed (a run that adds a file a
  day does not look into the others); or else the landing hours that differ. Where rows were changed where they are, all is read.
#}
{% macro what_landed(table) -%}
{%- set before, now = files_read_before(table), file_marks(table) -%}
{%- if before -%}
    {%- set landing = {'files': now.keys() | reject('in', before) | list, 'hours': [], 'is_rewritten': false} -%}
{%- else -%}
    {%- set landing = hours_of_text(table) or landing_hours(table) -%}
    {%- do landing.update({'is_rewritten': landing.is_rewritten or (not landing.hours and has_changed_files(table))}) -%}
{%- endif -%}
{%- do memory().landing.update({table: landing}) -%}
{{ return(landing) }}
{%- endmacro %}

{# The files that the last build of a raw table has read, if all of them are as they were; nothing otherwise, or where no file is named. #}
{% macro files_read_before(table) -%}
{%- set before, now = noted_before(files_note(table), table), file_marks(table) -%}
{%- for file, noted in before.items() if not now.get(file) or noted.split('|')[0] != now[file] -%}{{ return({}) }}{%- endfor -%}
{{ return(before) }}
{%- endmacro %}

{# Have rows of Parquet files that the last build has read been changed, of whatever size and age the files are now? #}
{% macro has_changed_files(table) -%}
{%- set before, now = noted_before(files_note(table), table), file_marks(table) -%}
{%- set changed = now.keys() | select('in', before) | list -%}
{%- set changed = changed | reject('in', unchanged_files(before, now)) | list -%}
{%- set digests = row_digests(table, changed) if changed else {} -%}
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

{# The landing hours that differ by counting, and whether rows that were read have changed. #}
{% macro landing_hours(table) -%}
{%- set present = raw_columns(table) if not is_switched_off(table) else {} -%}
{%- set found = run_query(
    'with now_there as (select ' ~ landing_hour('landed_at') ~ ' as landing_hour, count(*) as landed_rows, sum(' ~ epoch_us('landed_at') ~ ' % 3600000000) as landed_sum from (select '
    ~ landed_at(table, present) ~ ' as landed_at from ' ~ raw_from(table) ~ ') as landed group by 1), '
    ~ 'read_before as (select ' ~ landing_hour('landed_at') ~ ' as landing_hour, count(*) as landed_rows, sum(' ~ epoch_us('landed_at') ~ ' % 3600000000) as landed_sum from ' ~ this ~ ' group by 1) '
    ~ 'select cast(coalesce(now_there.landing_hour, read_before.landing_hour) as ' ~ dbt.type_string() ~ '), coalesce(now_there.landed_rows, 0) <= coalesce(read_before.landed_rows, 0) '
    ~ 'from now_there full outer join read_before on now_there.landing_hour = read_before.landing_hour '
    ~ 'where now_there.landed_rows is distinct from read_before.landed_rows or now_there.landed_sum is distinct from read_before.landed_sum order by 1'
).rows -%}
{{ return({'hours': found | map(attribute=0) | list, 'is_rewritten': found | map(attribute=1) | select | list | length > 0}) }}
{%- endmacro %}

{# May rows of a raw table that had been read have changed where they are since this model's last build? Not where files came, and nothing else. #}
{% macro may_have_changed_in_place(table) -%}
{%- set landing, checked, own = memory().landing.get(table), last_build('int_checked_' ~ table), last_build(model.name) -%}
{{ return(not landing or landing.is_rewritten or landing.hours | length > 0 or not checked or not own or checked.run_no != own.run_no) }}
{%- endmacro %}

{# The raw rows, or those of some files, or none of a table that is switched off. #}
{% macro raw_from(table, only=none) -%}
{%- if not execute -%}{{ return(source('raw', table)) }}{%- endif -%}
{%- if not is_switched_off(table) -%}{{ return(raw_relation(table, only)) }}{%- endif -%}
{{ return('(select cast(null as ' ~ dbt.type_string() ~ ') as ' ~ adapter.quote(raw_contract()[table].columns[0].name) ~ ' where 1 = 0) as switched_off') }}
{%- endmacro %}

{% macro hour_list(hours) -%}
{%- for hour in hours %}timestamp '{{ hour }}'{{ ', ' if not loop.last }}{% else %}timestamp '9999-12-31 23:59:59'{% endfor -%}
{%- endmacro %}

{#
  The condition on the raw rows that an increment reads: all of some files, or those of some landing hours. Moments as text are looked at as text first, which is cheap: whatever its offset from
  UTC (at most 99:99), no text is five days from its moment.
#}
{% macro landed_in(table, landing) -%}
{%- set hours = landing.hours -%}
{%- if landing.files -%}{{ return('') }}{%- endif -%}
{%- if not hours or is_switched_off(table) -%}{{ return('where 1 = 0') }}{%- endif -%}
{%- set present = raw_columns(table) -%}
{%- set first, last = hours | min, hours | max -%}
{%- set near = [] -%}
{%- for name in ['loaded_at', 'received_at'] if name in present -%}
    {#- a row without a moment, in the first of all hours, may have any text -#}
    {%- if is_text(present[name]) and first > '0002' and last < '9999' -%}
        {%- do near.append(by_bytes(adapter.quote(name)) ~ " between '" ~ days_later(first, -5) ~ "' and '" ~ days_later(last, 6) ~ "'") -%}
    {%- else -%}
        {%- do near.append('1 = 1') -%}
    {%- endif -%}
{%- endfor -%}
{{ return('where ' ~ landing_hour(landed_at(table, present)) ~ ' in (' ~ hour_list(hours) ~ ') and (' ~ near | join(' or ') ~ ')') }}
{%- endmacro %}

{# A day as text, some days after a moment as text. #}
{% macro days_later(moment, days) -%}
{{ return((modules.datetime.datetime.fromisoformat(moment[:10]) + modules.datetime.timedelta(days=days)).isoformat()[:10]) }}
{%- endmacro %}
