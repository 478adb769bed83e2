{#
  Raw rows as the project may see them. With `pseudonymize`, ids of persons are keyed hashes and columns beyond the contract are left out.
  Of a forgotten person's rows nothing is seen but that they are there, and when they landed. With both off, these are the raw rows.

  An id is hashed once, not once a row.
#}
{% macro seen_rows(table, only=none) -%}
{%- if not execute or is_switched_off(table) or not (var('pseudonymize', false) or somebody_is_forgotten()) -%}{{ return(raw_from(table, only)) }}{%- endif -%}
{%- set columns = seen_columns(table) -%}
{%- set forgetting = somebody_is_forgotten() -%}
{%- set identities = {'user_id': 'u:', 'anonymous_id': 'a:'} -%}
{%- set ids = columns.keys() | select('in', person_ids()) | list -%}
(
    select
        {%- for name in columns %}
        {% if forgetting and name not in ('received_at', 'loaded_at') %}case when not rows_seen.is_forgotten then {% endif -%}
        {%- if forgetting and name == 'anonymous_id' %}case when not rows_seen.is_anonymous_id_forgotten then {% endif -%}
        rows_seen.{{ adapter.quote(name) }}
        {%- if forgetting and name == 'anonymous_id' %} end{% endif -%}
        {%- if forgetting and name not in ('received_at', 'loaded_at') %} end{% endif %} as {{ adapter.quote(name) }},
        {%- endfor %}
        rows_seen.is_forgotten
    from (
        select
            {%- for name in columns %}
            {% if name in ids and var('pseudonymize', false) %}names_of_{{ name }}.pseudonym{% else %}raw_rows.{{ adapter.quote(name) }}{% endif %} as {{ adapter.quote(name) }},
            {%- endfor %}
            {%- if forgetting %}
            {% if 'anonymous_id' in ids %}coalesce(names_of_anonymous_id.is_forgotten, false){% else %}false{% endif %} as is_anonymous_id_forgotten,
            case
                {%- for name in ids if name in identities %}
                when names_of_{{ name }}.id is not null then names_of_{{ name }}.is_forgotten
                {%- endfor %}
                else false
            end as is_forgotten
            {%- else %}
            false as is_forgotten
            {%- endif %}
        from {{ raw_from(table, only) }} as raw_rows
        {%- for name in ids if var('pseudonymize', false) or name in identities %}
        left join (
            select
                ids.id,
                {% if var('pseudonymize', false) %}{{ keyed_hash('ids.id', 'pseudonym') }}{% else %}ids.id{% endif %} as pseudonym,
                {% if forgetting and name in identities %}forgotten.identity_hash is not null{% else %}false{% endif %} as is_forgotten
            from (select distinct {{ id_text('raw_ids', name, table) }} as id from {{ raw_from(table, only) }} as raw_ids) as ids
            {%- if forgetting and name in identities %}
            left join {{ forgotten_rows() }} as forgotten
                on {{ keyed_hash(literal(identities[name]) ~ ' || ids.id', 'forget') }} = forgotten.identity_hash
            {%- endif %}
            where ids.id is not null
        ) as names_of_{{ name }}
            on {{ id_text('raw_rows', name, table) }} = names_of_{{ name }}.id
        {%- endfor %}
    ) as rows_seen
) as seen
{%- endmacro %}

{# The columns that name a person, agents included. Ids of tickets, messages and of the rows themselves do not. #}
{% macro person_ids() -%}{{ return(['user_id', 'anonymous_id', 'agent_id']) }}{%- endmacro %}

{% macro id_text(alias, name, table) -%}
{%- set id = alias ~ '.' ~ adapter.quote(name) -%}
{%- if is_float(raw_columns(table)[name]) -%}{{ text_of_float(id) }}{%- else -%}nullif(cast({{ id }} as {{ dbt.type_string() }}), ''){%- endif -%}
{%- endmacro %}

{# Name -> type of the columns that are seen. #}
{% macro seen_columns(table) -%}
{%- set present = raw_columns(table) -%}
{%- if not var('pseudonymize', false) -%}{{ return(present) }}{%- endif -%}
{%- set known = raw_contract()[table].columns | map(attribute='name') | list + staged_extras(table) + ['loaded_at'] -%}
{%- set types = {} -%}
{%- for name, type in present.items() if name in known -%}
    {%- do types.update({name: dbt.type_string() | lower if name in person_ids() else type}) -%}
{%- endfor -%}
{{ return(types) }}
{%- endmacro %}
