{#
  The rows of `from relation where …` whose key is among those of another relation, where they are few: DuckDB would read all columns of all rows
  to find them. It reads the keys alone, and then, by their places, the rows.
#}
{% macro has_key_of(relation, key, others) -%}{{ return(adapter.dispatch('has_key_of', 'empathy_roi')(relation, key, others)) }}{%- endmacro %}
{% macro default__has_key_of(relation, key, others) -%}{{ key }} in (select {{ key }} from {{ others }}){%- endmacro %}
{% macro duckdb__has_key_of(relation, key, others) -%}
rowid in (select rowid from {{ relation }} where {{ key }} in (select {{ key }} from {{ others }}))
{%- endmacro %}

{#
  The rows of a relation that a join finds, as a condition on them; `condition` calls them `own`. DuckDB would join all distinct pairs for the
  `exists`: it looks for the places of the rows.
#}
{% macro is_joined(relation, others, condition) -%}{{ return(adapter.dispatch('is_joined', 'empathy_roi')(relation, others, condition)) }}{%- endmacro %}
{% macro default__is_joined(relation, others, condition) -%}
exists (select 1 from {{ others }} where {{ condition.replace('own.', relation.identifier ~ '.') }})
{%- endmacro %}
{% macro duckdb__is_joined(relation, others, condition) -%}
rowid in (select own.rowid from {{ relation }} as own inner join {{ others }} on {{ condition }})
{%- endmacro %}
