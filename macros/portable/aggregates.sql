{# The percentile that interpolates. #}
{% macro percentile(expression, share) -%}percentile_cont({{ share }}) within group (order by {{ expression }}){%- endmacro %}

{# How many rows fulfil a condition, as a whole number. #}
{% macro count_where(condition) -%}cast(sum(case when {{ condition }} then 1 else 0 end) as bigint){%- endmacro %}

{% macro sum_integer(expression) -%}cast(sum({{ expression }}) as bigint){%- endmacro %}

{# The sum of whole numbers as a wide one, so that no number of rows is too many. #}
{% macro sum_wide(expression) -%}{{ return(adapter.dispatch('sum_wide', 'empathy_roi')(expression)) }}{%- endmacro %}
{% macro default__sum_wide(expression) -%}sum({{ expression }}){%- endmacro %}
{% macro spark__sum_wide(expression) -%}sum(cast({{ expression }} as {{ type_wide_integer() }})){%- endmacro %}

{# A fraction as whole millionths: sums are taken over these, so that no result depends on the order of the rows. #}
{% macro millionths(expression) -%}cast({{ rounded('(' ~ expression ~ ') * 1000000') }} as bigint){%- endmacro %}

{# The sum of fractions (seconds, money, scores), over whole millionths. #}
{% macro exact_sum(expression) -%}(cast(sum({{ millionths(expression) }}) as {{ type_double() }}) / 1000000){%- endmacro %}

{# Part of a whole; null where there is no whole. #}
{% macro rate(part, whole) -%}cast({{ part }} as {{ type_double() }}) / nullif({{ whole }}, 0){%- endmacro %}

{# What is in some rows, whatever their order, as one text: it changes with any of them. `columns` of the relation `raw_rows`. #}
{% macro digest_of_rows(columns) -%}
{%- set quoted = [] -%}
{%- for name in columns -%}{%- do quoted.append(adapter.quote(name)) -%}{%- endfor -%}
{{ return(adapter.dispatch('digest_of_rows', 'empathy_roi')(quoted | join(', '))) }}
{%- endmacro %}
{% macro default__digest_of_rows(columns) -%}
cast(count(*) as varchar) || ' ' || cast(coalesce(sum(cast(hash({{ columns }}) as {{ type_wide_integer() }})), 0) as varchar)
{%- endmacro %}
{% macro postgres__digest_of_rows(columns) -%}
cast(count(*) as text) || ' '
|| cast(coalesce(sum(cast(hashtextextended(cast(row({{ columns }}) as text), 0) as {{ type_wide_integer() }})), 0) as text)
{%- endmacro %}
{% macro spark__digest_of_rows(columns) -%}
concat(count(*), ' ', coalesce(sum(cast(xxhash64({{ columns }}) as {{ type_wide_integer() }})), 0))
{%- endmacro %}
