{# How a row names its person: what int_person_keys is joined on. #}
{% macro identity_of(alias) -%}coalesce('u:' || {{ alias }}.user_id, 'a:' || {{ alias }}.anonymous_id){%- endmacro %}
