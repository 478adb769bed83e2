{#
  The metrics as the semantic layer's YAML defines them beside each mart, read while a model is compiled for execution: there and
  nowhere else is a metric defined. docs/metrics.md says how to add one.

  Per metric: `kind` (share, mean, ratio, time), `label`, `unit`, `good_direction`, `tree_level`, `feature_classes`, `description`;
  `last_days` and `windows` where only those count; and where it comes from:
  `source` (a model with person_id), `journey_column` (an experiment with a journey looks at that journey alone), and

  numerator, denominator  `expr` over the source's rows, `agg`, `happened_at` (when a row counts), `event_at` (when it happened, where
                          that is later), `known_at` (until when its outcome is open), `in_millionths` (a fraction), `ends_at`,
                          `withdrawn_at` and `expr_before_withdrawal` (what counted until then)
  starts_at, event_at     of a time
#}
{% macro metric_definitions() -%}
{%- if execute and 'metrics' in memory().once -%}{{ return(memory().once['metrics']) }}{%- endif -%}
{%- set found = {} -%}
{%- if execute -%}
    {%- set sources = {} -%}
    {%- for model in graph.semantic_models.values() -%}
        {%- do sources.update({model.name: model}) -%}
        {%- for metric_id, time in model.config.meta.get('times', {}).items() -%}
            {%- do found.update({metric_id: dict(time, kind='time', **metric_source(model))}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set blocks = {} -%}
    {%- for metric in graph.metrics.values() if metric.type == 'simple' -%}
        {%- do blocks.update({metric.name: metric}) -%}
    {%- endfor -%}
    {%- for metric in graph.metrics.values() if metric.config.meta.get('kind') -%}
        {%- set numerator = blocks[metric.type_params.numerator.name] -%}
        {%- do found.update({metric.name: dict(
            metric.config.meta,
            label=metric.label,
            description=metric.description,
            numerator=metric_block(numerator),
            denominator=metric_block(blocks[metric.type_params.denominator.name]) if metric.config.meta.kind == 'ratio' else none,
            **metric_source(sources[numerator.type_params.metric_aggregation_params.semantic_model])
        )}) -%}
    {%- endfor -%}
    {%- for model in ref.manifest.nodes.values() if model.resource_type == 'model' -%}
        {%- do found.update(model.config.meta.get('metrics_of_experiments', {})) -%}
    {%- endfor -%}
{%- endif -%}
{%- set metrics = {} -%}
{%- for metric_id in found | sort -%}{%- do metrics.update({metric_id: found[metric_id]}) -%}{%- endfor -%}
{%- if execute -%}{%- do memory().once.update({'metrics': metrics}) -%}{%- endif -%}
{{ return(metrics) }}
{%- endmacro %}

{# The model that a semantic model stands on, its column of journeys, and where its rows' team is found (`model` and `column`). #}
{% macro metric_source(semantic_model) -%}
{{ return({
    'source': semantic_model.refs[0].name,
    'journey_column': semantic_model.config.meta.get('journey_column'),
    'team': semantic_model.config.meta.get('team'),
}) }}
{%- endmacro %}

{# What a simple metric sums. #}
{% macro metric_block(metric) -%}
{%- set params = metric.type_params -%}
{{ return(dict(
    metric.config.meta,
    name=metric.name,
    expr=params.expr,
    agg=params.metric_aggregation_params.agg,
    happened_at=params.metric_aggregation_params.agg_time_dimension
)) }}
{%- endmacro %}

{# The metrics of some kinds that are counted from facts. #}
{% macro metrics_of_kind(kinds) -%}
{%- set chosen = {} -%}
{%- for metric_id, metric in metric_definitions().items() if metric.kind in kinds and metric.source is defined -%}
    {%- do chosen.update({metric_id: metric}) -%}
{%- endfor -%}
{{ return(chosen) }}
{%- endmacro %}

{# Their ids as a SQL list; never empty. #}
{% macro metric_ids(kinds) -%}
('{{ metric_definitions().items() | selectattr('1.kind', 'in', kinds) | map('first') | join("', '") }}')
{%- endmacro %}

{# The windows after an exposure, in days; `all` has no end. #}
{% macro metric_windows() -%}{{ return({'7': 7, '30': 30, '90': 90, 'all': none}) }}{%- endmacro %}

{# Has a metric a window at all? #}
{% macro has_window(metric_id, metric_window) -%}
true
{%- for id, metric in metrics_of_kind(['share', 'mean', 'ratio']).items() if metric.windows %} and ({{ metric_id }} <> '{{ id }}' or {{ metric_window }} in ('{{ metric.windows | join("', '") }}'))
{%- endfor %}
{%- endmacro %}

{# Every metric's level in the metric tree, for the rules of seeds. #}
{% macro metric_levels() -%}
{%- set levels = {} -%}
{%- for metric_id, metric in metric_definitions().items() -%}{%- do levels.update({metric_id: metric.tree_level}) -%}{%- endfor -%}
{{ return(levels) }}
{%- endmacro %}

{# The metrics of which less is better, as a SQL list. #}
{% macro metric_ids_that_should_fall() -%}
('{{ metric_definitions().items() | selectattr('1.good_direction', 'equalto', 'decrease') | map('first') | join("', '") }}')
{%- endmacro %}
