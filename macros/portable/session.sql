{#
  What the engine may use. Before a model is built, in its transaction: Postgres gives a step of a query 4 MB unless told otherwise; what it then
  does with 300,000 touched persons (`in` beside an `or`) is compare each row with each of them. Compiling a query (`jit`) costs more than it gains
  where each is long, and runs once.
#}
{% macro set_session() -%}{{ return(adapter.dispatch('set_session', 'empathy_roi')()) }}{%- endmacro %}
{% macro default__set_session() -%}{%- endmacro %}
{% macro postgres__set_session() -%}
{%- if execute -%}set local jit = off; set local work_mem = {{ literal(env_var('EMPATHY_ROI_WORK_MEM', '128MB')) }}{%- endif -%}
{%- endmacro %}

{#
  Once, as a run starts. DuckDB looks for the rows of up to 50 keys, or places, by what it knows of least and greatest values, and reads everything for
  more: of 90 million rows it reads those at 802 places in 0.3 CPU s instead of 16. Far above 10,000 looking costs more than it saves.
#}
{% macro set_engine() -%}{{ return(adapter.dispatch('set_engine', 'empathy_roi')()) }}{%- endmacro %}
{% macro default__set_engine() -%}{%- endmacro %}
{% macro duckdb__set_engine() -%}
{%- if execute -%}set global dynamic_or_filter_threshold = 10000{%- endif -%}
{%- endmacro %}
