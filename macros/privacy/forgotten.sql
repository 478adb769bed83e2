{# The keyed hashes of the forgotten: a file on an engine that reads files, else a table. `empathy-roi forget` writes it. #}
{% macro forgotten_rows() -%}{{ return(adapter.dispatch('forgotten_rows', 'empathy_roi')()) }}{%- endmacro %}
{% macro default__forgotten_rows() -%}{{ target.schema }}.forgotten_persons{%- endmacro %}
{% macro duckdb__forgotten_rows() -%}
read_csv({{ literal(env_var('EMPATHY_ROI_FORGOTTEN', 'forgotten_persons.csv')) }}, header = true, all_varchar = true)
{%- endmacro %}

{# Asked once a run. #}
{% macro somebody_is_forgotten() -%}
{%- set once = memory().once -%}
{%- if 'somebody is forgotten' not in once -%}{%- do once.update({'somebody is forgotten': forgotten_list_is_there()}) -%}{%- endif -%}
{{ return(once['somebody is forgotten']) }}
{%- endmacro %}

{% macro forgotten_list_is_there() -%}{{ return(adapter.dispatch('forgotten_list_is_there', 'empathy_roi')()) }}{%- endmacro %}
{% macro default__forgotten_list_is_there() -%}
{{ return(load_relation(api.Relation.create(database=target.database, schema=target.schema, identifier='forgotten_persons')) is not none) }}
{%- endmacro %}
{% macro duckdb__forgotten_list_is_there() -%}
{{ return(run_query('select count(*) from glob(' ~ literal(env_var('EMPATHY_ROI_FORGOTTEN', 'forgotten_persons.csv')) ~ ')').rows[0][0] > 0) }}
{%- endmacro %}

{# What the rows of a raw table hang on beside themselves: its columns, and who is forgotten. #}
{% macro seen_settings(table) -%}
{%- set settings = dict(raw_columns(table)) -%}
{%- if somebody_is_forgotten() -%}
    {%- do settings.update({'(the forgotten)': local_md5(run_query('select identity_hash from ' ~ forgotten_rows() ~ ' order by 1').columns[0].values() | join(','))}) -%}
{%- endif -%}
{{ return(settings) }}
{%- endmacro %}
