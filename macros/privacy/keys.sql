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
