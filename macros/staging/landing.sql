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
