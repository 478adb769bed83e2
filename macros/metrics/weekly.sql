{# The Monday of a moment's week, in the reporting time zone. #}
{% macro week_of(moment) -%}
cast({{ dbt.date_trunc('week', local_day(epoch_us(moment), var('reporting_timezone', 'UTC'))) }} as date)
{%- endmacro %}

{#
  The sums that metrics are made of, by where and when they are counted: {'fct_tickets by opened_at': {source, happened_at, sums}}.
  Rows of one mart that count at one moment are read once.
#}
{% macro weekly_sums() -%}
{%- set groups = {} -%}
{%- for metric_id, metric in metrics_of_kind(['share', 'mean', 'ratio']).items() -%}
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

{# A mart's rows with the team that owns them; null where no team does. #}
{% macro rows_with_team(source, team) -%}
select
            facts.*,
            {{ 'owners.owner_team' if team else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as owner_team
        from {{ ref(source) }} as facts
        {%- if team %}
        left join {{ ref(team.model) }} as owners
            on facts.{{ team.column }} = owners.{{ team.column }}
        {%- endif %}
{%- endmacro %}

{# The same, with the week in which they count: the rows of a group of sums. #}
{% macro dated_rows(group) -%}
select
            facts.*,
            {{ week_of(group.happened_at) }} as week
        from (
        {{ rows_with_team(group.source, group.team) }}
        ) as facts
        where {{ group.happened_at }} is not null
{%- endmacro %}

{# Are persons counted in a group of sums? Those of teams do not add up. #}
{% macro counts_persons(group) -%}{{ return(group.sums.values() | selectattr('agg', 'equalto', 'count_distinct') | list | length > 0) }}{%- endmacro %}

{# What a sum adds up to: persons are counted once. #}
{% macro weekly_sum(block) -%}
{%- if block.agg == 'count_distinct' -%}count(distinct {{ block.expr }}){%- else -%}sum({{ row_value(block) }}){%- endif -%}
{%- endmacro %}
