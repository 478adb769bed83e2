{#
  The rows of `from relation where …` whose key is among those of another relation, where they are few: DuckDB would read all columns of all rows
  to find them. It reads the keys alone, and then, by their places, the rows.
#}
{% macro has_key_of(relation, key, others) -%}{{ return(adapter.dispatch('has_key_of', 'empathy_roi')(relation, key, others)) }}{%- endmacro %}
{% macro default__has_key_of(relation, key, others) -%}{{ key }} in (select {{ key }} from {{ others }}){%- endmacro %}
{% macro duckdb__has_key_of(relation, key, others) -%}
rowid in (select rowid from {{ relation }} where {{ key }} in (select {{ key }} from {{ others }}))
{%- endmacro %}
