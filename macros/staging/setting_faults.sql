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
{%- set disabled = var('disabled_tables', []) or [] -%}
{%- set is_list = disabled is iterable and disabled is not string and disabled is not mapping -%}
{%- if not is_list -%}
    {%- do faults.append("variable 'disabled_tables' is \"" ~ disabled ~ '", which is no list (write [consents, survey_responses])') -%}
{%- endif -%}
{%- for table in (disabled if is_list else []) if table not in raw_contract() -%}
    {%- do faults.append("variable 'disabled_tables' names \"" ~ table ~ '", which is no raw table (write some of ' ~ raw_contract().keys() | join(', ') ~ ')') -%}
{%- endfor -%}
{%- for name, least in least_numbers().items() if var(name, none) is not none -%}
    {%- set value = var(name) -%}
    {%- if value is not number or value is boolean or not least <= value < 1000000000 or (name in whole_numbers() and value != value | int) -%}
        {%- do faults.append("variable '" ~ name ~ "' is \"" ~ value ~ '", which is no ' ~ ('whole ' if name in whole_numbers() else '') ~ 'number of at least ' ~ least) -%}
    {%- endif -%}
{%- endfor -%}
{%- for name, pattern in {'user_segments': '[A-Za-z_][A-Za-z0-9_]*', 'event_dimensions': '[^][(){}<>"\'`\\\\\\x00-\\x1f]+'}.items() -%}
    {%- for value in var(name, []) or [] if value is not string or not modules.re.fullmatch(pattern, value) -%}
        {%- do faults.append("variable '" ~ name ~ "' names \"" ~ value ~ '", which is no plain name') -%}
    {%- endfor -%}
{%- endfor -%}
{%- if var('backlog_weights', none) is not none and backlog_weights() != var('backlog_weights') -%}
    {%- do faults.append("variable 'backlog_weights' is \"" ~ var('backlog_weights') ~ '", and must give some of ' ~ backlog_parts() | join(', ') ~ ' a weight above 0') -%}
{%- endif -%}
{{ return(faults + key_faults() + grant_faults()) }}
{%- endmacro %}

{# Where there are roles, those of `mart_grants` have to be there: the marts would be built one by one until the first that is granted. #}
{% macro grant_faults() -%}{{ return(adapter.dispatch('grant_faults', 'empathy_roi')()) }}{%- endmacro %}
{% macro default__grant_faults() -%}{{ return([]) }}{%- endmacro %}
{% macro postgres__grant_faults() -%}
{%- set grants = var('mart_grants', {}) or {} -%}
{%- set faults, roles = [], [] -%}
{%- for given in (grants.values() if grants is mapping else [none]) -%}
    {%- do roles.extend([given] if given is string or given is not iterable else given) -%}
{%- endfor -%}
{%- if roles | reject('string') | list -%}
    {{ return(["variable 'mart_grants' is \"" ~ grants ~ '" (write it like {select: [analysts]})']) }}
{%- endif -%}
{%- for role in roles | unique if role != 'public' -%}
    {%- set is_it = literal(role) ~ ' in (rolname, quote_ident(rolname))' -%}
    {%- if run_query('select count(*) from pg_roles where ' ~ is_it).rows[0][0] == 0 -%}
        {%- do faults.append("variable 'mart_grants' names \"" ~ role ~ '", which is no role of this server (write the name of one, or create it)') -%}
    {%- endif -%}
{%- endfor -%}
{{ return(faults) }}
{%- endmacro %}

{# A variable that is a number. While dbt only parses, a wrong one counts as left out: before anything is built it is told as a fault. #}
{% macro number_var(name, default) -%}
{%- set value = var(name, default) -%}
{{ return(value if value is number and value is not boolean and value >= least_numbers().get(name, value) else default) }}
{%- endmacro %}

{% macro backlog_parts() -%}{{ return(['severity', 'volume', 'value', 'confidence', 'effort', 'speed']) }}{%- endmacro %}

{# What counts how much in the score of an idea: what of the variable makes sense. #}
{% macro backlog_weights() -%}
{%- set given = var('backlog_weights', none) -%}
{%- set weights = {} -%}
{%- for part in backlog_parts() if given is mapping and given.get(part) is number and given.get(part) is not boolean and given[part] > 0 -%}
    {%- do weights.update({part: given[part]}) -%}
{%- endfor -%}
{{ return(weights or {'severity': 1}) }}
{%- endmacro %}

{# The variables that are numbers, each with the least that makes sense. They stand in SQL as they are. #}
{% macro least_numbers() -%}
{{ return({
    'max_clock_skew_hours': 0, 'session_timeout_minutes': 0, 'rage_click_gap_ms': 0, 'pause_seconds': 0, 'handover_threshold': 1,
    'cost_window_days': 1, 'baseline_days': 1, 'min_segment_size': 1, 'rmst_horizon_days': 0,
}) }}
{%- endmacro %}

{% macro whole_numbers() -%}{{ return(['handover_threshold', 'cost_window_days', 'baseline_days', 'min_segment_size']) }}{%- endmacro %}
