{#
  Raw rows as the project may see them. With `pseudonymize`, ids of persons are keyed hashes and columns beyond the contract are left out.
  Of a forgotten person's rows nothing is seen but that they are there, and when they landed. With both off, these are the raw rows.

  An id is hashed once, not once a row.
#}
{% macro seen_rows(table) -%}
{%- if not execute or is_switched_off(table) or not (var('pseudonymize', false) or somebody_is_forgotten()) -%}{{ return(raw_from(table)) }}{%- endif -%}
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
        from {{ raw_from(table) }} as raw_rows
        {%- for name in ids if var('pseudonymize', false) or name in identities %}
        left join (
            select
                ids.id,
                {% if var('pseudonymize', false) %}{{ keyed_hash('ids.id', 'pseudonym') }}{% else %}ids.id{% endif %} as pseudonym,
                {% if forgetting and name in identities %}forgotten.identity_hash is not null{% else %}false{% endif %} as is_forgotten
            from (select distinct {{ id_text('raw_ids', name) }} as id from {{ raw_from(table) }} as raw_ids) as ids
            {%- if forgetting and name in identities %}
            left join {{ forgotten_rows() }} as forgotten
                on {{ keyed_hash(literal(identities[name]) ~ ' || ids.id', 'forget') }} = forgotten.identity_hash
            {%- endif %}
            where ids.id is not null
        ) as names_of_{{ name }}
            on {{ id_text('raw_rows', name) }} = names_of_{{ name }}.id
        {%- endfor %}
    ) as rows_seen
) as seen
{%- endmacro %}

{# The columns that name a person, agents included. Ids of tickets, messages and of the rows themselves do not. #}
{% macro person_ids() -%}{{ return(['user_id', 'anonymous_id', 'agent_id']) }}{%- endmacro %}

{% macro id_text(alias, name) -%}nullif(cast({{ alias }}.{{ adapter.quote(name) }} as {{ dbt.type_string() }}), ''){%- endmacro %}

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

{#
  sha256(key || sha256(key || text)), cut to 32 hexadecimal digits. The keys (one for pseudonyms, one for the list of the forgotten) are
  settings of the connection: they stand in no SQL.
#}
{% macro keyed_hash(expression, purpose) -%}
{%- set key = connection_key(purpose) -%}
substr({{ sha256(key ~ ' || ' ~ sha256(key ~ ' || ' ~ expression)) }}, 1, 32)
{%- endmacro %}

{% macro sha256(expression) -%}{{ return(adapter.dispatch('sha256', 'empathy_roi')(expression)) }}{%- endmacro %}
{% macro default__sha256(expression) -%}sha256({{ expression }}){%- endmacro %}
{% macro postgres__sha256(expression) -%}encode(sha256(convert_to({{ expression }}, 'UTF8')), 'hex'){%- endmacro %}
{% macro spark__sha256(expression) -%}sha2({{ expression }}, 256){%- endmacro %}

{% macro connection_key(purpose) -%}{{ return(adapter.dispatch('connection_key', 'empathy_roi')(purpose)) }}{%- endmacro %}
{% macro default__connection_key(purpose) -%}
{%- do exceptions.raise_compiler_error("Keyed hashes of ids (pseudonymize, forget) are not there for target type '" ~ target.type ~ "' yet.") -%}
{%- endmacro %}
{% macro duckdb__connection_key(purpose) -%}getvariable('empathy_roi_{{ purpose }}_key'){%- endmacro %}
{% macro postgres__connection_key(purpose) -%}current_setting('empathy_roi.{{ purpose }}_key', true){%- endmacro %}

{# What tells one key from another without telling the key; null where there is none. #}
{% macro key_check(purpose) -%}{{ return(run_query('select ' ~ keyed_hash("'which key is it?'", purpose) ~ ' as key_check').rows[0][0]) }}{%- endmacro %}

{# The keyed hashes of the forgotten: a file on an engine that reads files, else a table. `empathy-roi forget` writes it. #}
{% macro forgotten_rows() -%}{{ return(adapter.dispatch('forgotten_rows', 'empathy_roi')()) }}{%- endmacro %}
{% macro default__forgotten_rows() -%}{{ target.schema }}.forgotten_persons{%- endmacro %}
{% macro duckdb__forgotten_rows() -%}
read_csv({{ literal(env_var('EMPATHY_ROI_FORGOTTEN', 'forgotten_persons.csv')) }}, header = true, all_varchar = true)
{%- endmacro %}

{# Asked once a run. #}
{% macro somebody_is_forgotten() -%}
{%- if graph.get('forgotten', {}).get('invocation_id') != invocation_id -%}
    {%- do graph.update({'forgotten': {'invocation_id': invocation_id, 'is_anybody': forgotten_list_is_there()}}) -%}
{%- endif -%}
{{ return(graph['forgotten'].is_anybody) }}
{%- endmacro %}

{% macro forgotten_list_is_there() -%}{{ return(adapter.dispatch('forgotten_list_is_there', 'empathy_roi')()) }}{%- endmacro %}
{% macro default__forgotten_list_is_there() -%}
{{ return(load_relation(api.Relation.create(database=target.database, schema=target.schema, identifier='forgotten_persons')) is not none) }}
{%- endmacro %}
{% macro duckdb__forgotten_list_is_there() -%}
{{ return(run_query('select count(*) from glob(' ~ literal(env_var('EMPATHY_ROI_FORGOTTEN', 'forgotten_persons.csv')) ~ ')').rows[0][0] > 0) }}
{%- endmacro %}

{# What the rows of a raw table hang on beside themselves: its columns, and who is forgotten. #}
{% macro seen_settings(table) -%}
{%- set settings = raw_columns(table) -%}
{%- if somebody_is_forgotten() -%}
    {%- do settings.update({'(the forgotten)': local_md5(run_query('select identity_hash from ' ~ forgotten_rows() ~ ' order by 1').columns[0].values() | join(','))}) -%}
{%- endif -%}
{{ return(settings) }}
{%- endmacro %}

{# What is wrong with the keys, before anything is built. #}
{% macro key_faults() -%}
{%- set faults = [] -%}
{%- for name in ('pseudonymize', 'require_analytics_consent') if var(name, false) is not boolean -%}
    {%- do faults.append("variable '" ~ name ~ "' is \"" ~ var(name) ~ '" (write true or false)') -%}
{%- endfor -%}
{%- if not faults and var('pseudonymize', false) and key_check('pseudonym') is none -%}
    {%- do faults.append("variable 'pseudonymize' is on, but EMPATHY_ROI_PSEUDONYM_KEY is missing or too short: set it to 32 characters or more (docs/privacy.md)") -%}
{%- endif -%}
{%- if somebody_is_forgotten() -%}
    {%- set checks = run_query('select distinct key_check from ' ~ forgotten_rows()).columns[0].values() | list -%}
    {%- set mine = key_check('forget') -%}
    {%- if mine is none -%}
        {%- do faults.append('there are forgotten persons, but the key to know them by is missing or too short: set EMPATHY_ROI_FORGET_KEY (or EMPATHY_ROI_PSEUDONYM_KEY) to the key they were forgotten with') -%}
    {%- elif checks | reject('equalto', mine) | list -%}
        {%- do faults.append('the forgotten persons were forgotten with another key than that of EMPATHY_ROI_FORGET_KEY (or EMPATHY_ROI_PSEUDONYM_KEY): with this one they would come back; set that one') -%}
    {%- endif -%}
{%- endif -%}
{{ return(faults) }}
{%- endmacro %}

{# How ids are written, as SQL text to remember: nothing for plain ids. #}
{% macro id_form() -%}{{ return(key_check('pseudonym') if var('pseudonymize', false) else none) }}{%- endmacro %}

{# Where ids are written in another form than in the last run, everything has to be built anew at once: persons would fall in two. #}
{% macro check_id_form() -%}
{%- set found = run_query("select fingerprint from " ~ builds_relation() ~ " where model_name = '(run)' order by run_no desc limit 1").rows -%}
{%- if found and found[0][0] != id_form() and not flags.FULL_REFRESH -%}
    {%- do exceptions.raise_compiler_error("Nothing was built: ids are written in another form than in the last run ("
        ~ ("variable 'pseudonymize' was switched" if not id_form() or not found[0][0] else 'the key of EMPATHY_ROI_PSEUDONYM_KEY is another')
        ~ '), so that every mart is stale. Build everything anew with `empathy-roi build --full-refresh`, or go back to the former setting.') -%}
{%- endif -%}
{%- endmacro %}
