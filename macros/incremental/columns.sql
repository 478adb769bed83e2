{#
  A model that is built from scratch empties its table and fills it again, in place. Where its columns are no longer those of the table (a changed
  `user_segments` or `event_dimensions`, a newer version), a new table takes its place, as with `--full-refresh`.
#}

{# Does the model, which is built from scratch, have other columns than its table, in name, order or type? #}
{% macro has_other_columns() -%}
{%- if not is_building() or builds_on() or not is_incremental() -%}{{ return(false) }}{%- endif -%}
{%- set found = [] -%}
{%- for query in [model.compiled_code, 'select * from ' ~ this] -%}
    {%- set columns = [] -%}
    {%- for column in get_column_schema_from_query(query) -%}{%- do columns.append([column.name, column.data_type]) -%}{%- endfor -%}
    {%- do found.append(columns) -%}
{%- endfor -%}
{{ return(found[0] != found[1]) }}
{%- endmacro %}

{# Takes the place of dbt's macro of this name. #}
{% macro should_full_refresh() -%}
{{ return(dbt.should_full_refresh() or (is_building() and model.unique_id in memory().replaced)) }}
{%- endmacro %}
