{# A column of moments in microseconds, or another expression where there is none. #}
{% macro moment_us(column, otherwise='null') -%}
{{ epoch_us(column) if column else otherwise }}
{%- endmacro %}

{#
  What a row adds to a sum, as a whole number: a share asks only whether it happened. A fraction is a `decimal(24, 6)`, so that what reads the
  metrics elsewhere adds up exactly; millionths are made of it as a double, which is many times faster and tells them apart to 4.5 billion.
#}
{% macro row_value(block, expr=none) -%}
{%- if block is none -%}cast(0 as bigint)
{%- elif block.agg == 'count_distinct' -%}cast(case when {{ block.expr }} is not null then 1 else 0 end as bigint)
{%- elif block.in_millionths -%}{{ millionths('cast(' ~ (expr or block.expr) ~ ' as ' ~ type_double() ~ ')') }}
{%- else -%}cast({{ expr or block.expr }} as bigint)
{%- endif -%}
{%- endmacro %}

{#
  The metrics' numerators and denominators, by the fact they are counted from: [{name, journey_column, last_days, windows, parts}], where
  a part is {metric_id, is_numerator, and expressions over the fact's rows: happened_us, until_us, event_us, known_us, amount}.
#}
{% macro metric_parts() -%}
{%- set sources = {} -%}
{%- for metric_id, metric in metrics_of_kind(['share', 'mean', 'ratio']).items() -%}
    {%- set key = metric.source ~ (metric_id if metric.last_days else '') -%}
    {%- do sources.setdefault(key, {
        'name': metric.source, 'journey_column': metric.journey_column, 'last_days': metric.last_days, 'windows': metric.windows, 'parts': [],
    }) -%}
    {%- do sources[key].parts.extend(parts_of_metric(metric_id, metric)) -%}
{%- endfor -%}
{{ return(sources.values() | list) }}
{%- endmacro %}

{% macro parts_of_metric(metric_id, metric) -%}
{%- set numerator, denominator = metric.numerator, metric.denominator or {} -%}
{%- set happened_us = epoch_us(numerator.happened_at) -%}
{%- set event_us = 'coalesce(' ~ epoch_us(numerator.event_at) ~ ', ' ~ happened_us ~ ')' if numerator.event_at else happened_us -%}
{%- set known = [] -%}
{%- for column in [denominator.known_at, numerator.event_at, numerator.known_at] if column -%}{%- do known.append(epoch_us(column)) -%}{%- endfor -%}
{%- set shared = {'metric_id': metric_id, 'happened_us': happened_us, 'until_us': moment_us(numerator.ends_at, happened_us)} -%}
{%- set parts = [dict(
    shared, is_numerator='true', event_us=event_us, amount=row_value(numerator), known_us=latest([happened_us] + known)
)] -%}
{%- if metric.denominator -%}
    {%- do parts.append(dict(
        shared, is_numerator='false', event_us=happened_us, amount=row_value(metric.denominator),
        known_us=latest([happened_us] + ([epoch_us(denominator.known_at)] if denominator.known_at else []))
    )) -%}
{%- endif -%}
{%- if numerator.withdrawn_at -%}
    {#- what is taken back later counted until then -#}
    {%- set difference = row_value(numerator, numerator.expr_before_withdrawal) ~ ' - ' ~ row_value(numerator) -%}
    {%- for sign, known_at in [('', numerator.known_at), ('-', numerator.withdrawn_at)] -%}
        {%- do parts.append(dict(
            shared, is_numerator='true', event_us=happened_us,
            amount='case when ' ~ numerator.withdrawn_at ~ ' is not null then ' ~ sign ~ '(' ~ difference ~ ') else 0 end',
            known_us=latest([happened_us] + ([epoch_us(known_at)] if known_at else []))
        )) -%}
    {%- endfor -%}
{%- endif -%}
{{ return(parts) }}
{%- endmacro %}

{# The latest of some moments; what is not known yet is left out. #}
{% macro latest(moments) -%}
{%- set found = moments | unique | list -%}
{{ return('greatest(' ~ found | join(', ') ~ ')' if found | length > 1 else found[0]) }}
{%- endmacro %}
