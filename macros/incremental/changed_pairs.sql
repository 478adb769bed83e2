{# What hangs on pairs of ids alone (identities, numbers of persons) is asked again of those that changed. #}

{# The user ids or anonymous ids of pairs that changed since this model was last built. #}
{% macro of_changed_pairs(column) -%}
(select {{ column }} from {{ ref('int_identity_pairs') }} where run_no > {{ last_build(model.name).run_no }} and {{ column }} is not null)
{%- endmacro %}

{# A condition that leaves the ids of such pairs in an increment, and everything otherwise. #}
{% macro is_of_changed_pair(column) -%}
{%- if builds_increment() -%}{{ increment_marker() }} {{ column }} in {{ of_changed_pairs(column) }}{%- else -%}1 = 1{%- endif -%}
{%- endmacro %}

{# An incremental model with a row per anonymous id, which hangs on the pairs of that id alone. #}
{% macro built_by_anonymous_id() -%}
{{ replaces("'anonymous_id in ' ~ of_changed_pairs('anonymous_id')") }}
{%- endmacro %}
