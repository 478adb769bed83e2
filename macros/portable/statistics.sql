{#
  After a model is built: what the planner needs to know of its rows. Postgres knows nothing of a new table until it is told, and would
  take its size for a guess in every plan of the models after it; the others count by themselves.
#}
{% macro gather_statistics() -%}{{ return(adapter.dispatch('gather_statistics', 'empathy_roi')()) }}{%- endmacro %}
{% macro default__gather_statistics() -%}{%- endmacro %}
{% macro postgres__gather_statistics() -%}
{%- if model.config.materialized in ('table', 'incremental') -%}analyze {{ this }}{%- endif -%}
{%- endmacro %}
