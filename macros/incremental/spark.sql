{#
  An incremental model on Spark, which has no transactions: each step is one commit of the table's format, in an order that leaves a
  run that died to be mended by the next. What a model was built from is noted last, so that until then its increment is made anew.
#}
{% macro spark_incremental() -%}
{%- set existing = load_relation(this) -%}
{{ run_hooks(pre_hooks) }}
{%- if builds_on() -%}
    {%- set view = this.include(schema=false).incorporate(path={'identifier': this.identifier ~ '__increment'}) -%}
    {%- set columns = adapter.get_columns_in_relation(this) | map(attribute='quoted') | list -%}
    {%- call statement('increment') -%}create or replace temporary view {{ view }} as {{ compiled_code }}{%- endcall -%}
    {%- call statement('main') -%}{{ replaced_by_key(this, view, columns, config.get('unique_key')) if config.get('unique_key') else added_rows(this, view, columns) }}{%- endcall -%}
{%- else -%}
    {#- one step with Iceberg and Delta; a table of files has to go first -#}
    {%- if existing is not none and not (existing.is_iceberg or existing.is_delta) -%}{%- do adapter.drop_relation(existing) -%}{%- endif -%}
    {%- call statement('main') -%}{{ create_table_as(false, this.incorporate(type='table'), compiled_code) }}{%- endcall -%}
{%- endif -%}
{%- if can_replace_rows() -%}{%- call statement('noted') -%}{{ noted_build() }}{%- endcall -%}{%- endif -%}
{%- do apply_grants(this, config.get('grants'), should_revoke(existing, true)) -%}
{{ run_hooks(post_hooks) }}
{{ return({'relations': [this.incorporate(type='table')]}) }}
{%- endmacro %}

{% macro added_rows(target_relation, view, columns) -%}
insert into {{ target_relation }} ({{ columns | join(', ') }}) select {{ columns | join(', ') }} from {{ view }}
{%- endmacro %}

{# All rows with a key of the increment go, its rows come: one commit. #}
{% macro replaced_by_key(target_relation, view, columns, key) -%}
merge into {{ target_relation }} as old
using (
    select {{ columns | join(', ') }}, cast(null as {{ dbt.type_string() }}) as replaced_key from {{ view }}
    union all
    select distinct {% for column in columns %}null, {% endfor %}{{ key }} from {{ view }}
) as new
on old.{{ key }} = new.replaced_key
when matched then delete
when not matched and new.replaced_key is null then insert ({{ columns | join(', ') }}) values (new.{{ columns | join(', new.') }})
{%- endmacro %}

{# The format of every table; only Iceberg's and Delta's can be changed by rows, the others are built anew each time. #}
{% macro spark_format() -%}{{ return(env_var('EMPATHY_ROI_SPARK_FORMAT', 'iceberg')) }}{%- endmacro %}
{% macro spark__can_replace_rows() -%}{{ return(spark_format() in ('iceberg', 'delta')) }}{%- endmacro %}

{# The above notes the build, and a build that is no increment replaces the table. #}
{% macro spark__begin_build(replaced) -%}
{%- if builds_on() and replaced -%}delete from {{ this }} where {{ replaced }}{%- endif -%}
{%- endmacro %}
