{# What is wrong with the project's variables, before anything is built: one sentence a fault. #}
{% macro setting_faults() -%}
{%- set faults = [] -%}
{%- set as_of = var('as_of', none) -%}
{%- if as_of and run_query('select ' ~ safe_cast_timestamp(literal(as_of)) ~ ' as as_of').rows[0][0] is none -%}
    {%- do faults.append("variable 'as_of' is \"" ~ as_of ~ '", which is no moment (write 2026-01-31 or 2026-01-31 18:00:00)') -%}
{%- endif -%}
{%- set timezone = var('reporting_timezone', 'UTC') -%}
{%- if timezone not in modules.pytz.all_timezones -%}
    {%- do faults.append("variable 'reporting_timezone' is \"" ~ timezone ~ '", which is no time zone (write a name such as Europe/Berlin)') -%}
{%- endif -%}
{%- for table in var('disabled_tables', []) or [] if table not in raw_contract() -%}
    {%- do faults.append("variable 'disabled_tables' names \"" ~ table ~ '", which is no raw table (write some of ' ~ raw_contract().keys() | join(', ') ~ ')') -%}
{%- endfor -%}
{{ return(faults) }}
{%- endmacro %}
