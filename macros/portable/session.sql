{#
  Before a model is built, in its transaction: what the engine may use. Postgres gives a step of a query 4 MB unless told otherwise; what it then
  does with 300,000 touched persons (`in` beside an `or`) is compare each row with each of them. Compiling a query (`jit`) costs more than it gains
  where each is long, and runs once.
#}
{% macro set_session() -%}{{ return(adapter.dispatch('set_session', 'empathy_roi')()) }}{%- endmacro %}
{% macro default__set_session() -%}{%- endmacro %}
{% macro postgres__set_session() -%}
{%- if execute -%}set local jit = off; set local work_mem = {{ literal(env_var('EMPATHY_ROI_WORK_MEM', '128MB')) }}{%- endif -%}
{%- endmacro %}
