{# What of a seed an incremental model is made of: not what its file holds, but what has come to the model of it. #}

{# A digest of what loading a seed's file brings. #}
{% macro content_of_seed(seed) -%}
{#- of a large file dbt knows the path alone -#}
{{ return(digest_of('seed', seed.checksum.checksum if seed.checksum.name == 'sha256' else invocation_id, seed.config)) }}
{%- endmacro %}

{# A digest of what the warehouse holds of a seed: loaded or left in this run, or loaded by an earlier one. #}
{% macro loaded_of_seed(seed) -%}
{%- set memory = memory() -%}
{%- if seed.unique_id in memory.made_of -%}{{ return(memory.made_of[seed.unique_id]) }}{%- endif -%}
{%- set last = memory.builds.get(seed.name) -%}
{#- a run that died may have loaded it, and did not say so -#}
{%- if not last or last.run_no <= memory.broken_run_no -%}{{ return(local_md5('unknown since ' ~ memory.broken_run_no)) }}{%- endif -%}
{{ return(last.fingerprint or '') }}
{%- endmacro %}

{# What a model reads of a seed: what is loaded, unless a table between the two is of a time before that, since no run has built it after. #}
{% macro read_of_seed(seed, node) -%}
{%- set loaded_in, this_run = newest_build(seed.unique_id), memory().run_no -%}
{%- for table in lineage(node.unique_id).tables if not loaded_in <= newest_build(table) <= this_run and seed.unique_id in lineage(table).seeds -%}
    {{ return(local_md5(table ~ ' of run ' ~ newest_build(table))) }}
{%- endfor -%}
{{ return(loaded_of_seed(seed)) }}
{%- endmacro %}
