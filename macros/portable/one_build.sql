{#
  One build at a time, where many can write at once: two would take each other's tables away while they swap them. `empathy-roi` holds a lock
  of the database while dbt builds for it, and names the session that does; a dbt that was started by hand stops where there is one.
#}
{% macro check_lock() -%}{{ return(adapter.dispatch('check_lock', 'empathy_roi')()) }}{%- endmacro %}
{% macro default__check_lock() -%}{%- endmacro %}
{% macro postgres__check_lock() -%}
{%- if execute and flags.WHICH in ('build', 'run', 'seed', 'snapshot') -%}
    {%- set holders = run_query(
        "select pid from pg_locks where locktype = 'advisory' and granted and classid = 1162694473 and objid = hashtext(" ~ literal(target.schema)
        ~ ")::oid and database = (select oid from pg_database where datname = current_database())"
    ).columns[0].values() | map('string') | list -%}
    {%- set own = env_var('EMPATHY_ROI_LOCK_SESSION', '') -%}
    {%- if own and own not in holders -%}
        {%- do exceptions.raise_compiler_error('Nothing was built: the run that started this build has lost its lock; run it again.') -%}
    {%- elif holders and not own -%}
        {%- do exceptions.raise_compiler_error('Nothing was built: another build or run holds the lock of schema ' ~ target.schema ~ '; try again later.') -%}
    {%- endif -%}
{%- endif -%}
{%- endmacro %}
