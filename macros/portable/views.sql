{# A relation as a view should name it: without the database, which on DuckDB is the name of a file that may be copied or moved. #}
{% macro in_same_database(relation) -%}{{ return(relation.include(database=false)) }}{%- endmacro %}
