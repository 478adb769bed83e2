{# What a query of one value finds in a table as it stands; none where there is no table, nothing in it, or dbt only parses. #}
{% macro value_in(relation, expression) -%}
{%- if execute and load_relation(relation) -%}
    {{ return(run_query('select ' ~ expression ~ ' from ' ~ relation).rows[0][0]) }}
{%- endif -%}
{{ return(none) }}
{%- endmacro %}
