{# dbt writes the SQL of a seed to target/run/<the seed's path>: of an absolute path that is the seed itself. #}
{% macro check_seed_folder() -%}
{%- set folder = env_var('EMPATHY_ROI_SEEDS', 'seeds') -%}
{%- if execute and (folder[:1] in ('/', '\\') or folder[1:2] == ':') -%}
    {%- do exceptions.raise_compiler_error("Nothing was built: EMPATHY_ROI_SEEDS is " ~ folder ~ ": say it from the project's folder (../seeds); of an absolute path dbt would overwrite the files with its own SQL.") -%}
{%- endif -%}
{%- endmacro %}
