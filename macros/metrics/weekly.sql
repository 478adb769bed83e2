{# The Monday of a moment's week, in the reporting time zone. #}
{% macro week_of(moment) -%}{{ week_of_day(local_day(epoch_us(moment), var('reporting_timezone', 'UTC'))) }}{%- endmacro %}

{# The Monday of a day's week. #}
{% macro week_of_day(day) -%}cast({{ dbt.date_trunc('week', day) }} as date){%- endmacro %}

{#
  The sums that metrics are made of, by where and when they are counted: {'fct_tickets by opened_at': {source, happened_at, team, sums}}.
  Rows of one mart that count at one moment are read once. What has windows of its own (retention) has no weeks.
#}
{% macro weekly_sums() -%}
{%- set groups = {} -%}
{%- for metric_id, metric in metrics_of_kind(['share', 'mean', 'ratio']).items() if not metric.windows -%}
    {%- for block in [metric.numerator, metric.denominator] if block -%}
        {%- set key = metric.source ~ '_by_' ~ block.happened_at -%}
        {%- if key not in groups -%}
            {%- do groups.update({key: {'source': metric.source, 'happened_at': block.happened_at, 'team': metric.team, 'sums': {}}}) -%}
        {%- endif -%}
        {%- do groups[key].sums.update({block.name: block}) -%}
    {%- endfor -%}
{%- endfor -%}
{{ return(groups) }}
{%- endmacro %}

{# Those of them that count persons, who do not add up: once of each team, where teams own the rows, and once of everyone. #}
{% macro weekly_counts_of_persons() -%}
{%- set counts = [] -%}
{%- for group in weekly_sums().values() -%}
    {%- for sum_id, block in group.sums.items() if block.agg == 'count_distinct' -%}
        {%- for team in ([none, group.team] if group.team else [none]) -%}
            {%- do counts.append({'sum_id': sum_id, 'expr': block.expr, 'source': group.source, 'happened_at': group.happened_at, 'team': team}) -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endfor -%}
{{ return(counts) }}
{%- endmacro %}

{# May what counts in a week still come, or be taken back, after it: a click after the delivery, a ticket after a completion? #}
{% macro ripens(metric) -%}
{%- set late = [] -%}
{%- for block in [metric.numerator, metric.denominator] if block and (block.event_at or block.known_at or block.withdrawn_at) -%}{%- do late.append(block.name) -%}{%- endfor -%}
{{ return(late | length > 0) }}
{%- endmacro %}
