{# Text in the order of its bytes, whatever the collation of the warehouse. #}
{% macro by_bytes(expression) -%}{{ return(adapter.dispatch('by_bytes', 'empathy_roi')(expression)) }}{%- endmacro %}
{% macro default__by_bytes(expression) -%}{{ expression }}{%- endmacro %}
{% macro postgres__by_bytes(expression) -%}{{ expression }} collate "C"{%- endmacro %}

{# A value as a SQL literal. #}
{% macro literal(text) -%}{{ return(adapter.dispatch('literal', 'empathy_roi')(text)) }}{%- endmacro %}
{% macro default__literal(text) -%}'{{ text | string | replace("'", "''") }}'{%- endmacro %}
{% macro spark__literal(text) -%}'{{ text | string | replace("\\", "\\\\") | replace("'", "\\'") }}'{%- endmacro %}
