-- The metrics as the semantic layer's YAML defines them.
-- depends_on: {{ ref('seed_violations') }}
{% for metric_id, metric in metric_definitions().items() -%}
select
    {{ literal(metric_id) }} as metric_id,
    {{ literal(metric.label) }} as metric_name,
    {{ literal(metric.description) }} as description,
    {{ literal(metric.kind) }} as kind,
    {{ literal(metric.unit) }} as unit,
    {{ literal(metric.good_direction) }} as good_direction,
    {{ literal(metric.tree_level) }} as tree_level,
    {{ literal(metric.feature_classes | join(', ')) }} as feature_classes,
    {{ literal(metric.headline_of | join(', ')) if metric.headline_of else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as headline_of,
    {{ literal(metric.windows | join(', ')) if metric.windows else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as windows,
    {{ 'true' if ripens(metric) else 'false' }} as ripens,
    {{ literal(metric.source) if metric.source is defined else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as source_model,
    {{ literal(metric.numerator.name) if metric.numerator else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as numerator,
    {{ (literal(metric.denominator.name) if metric.denominator else literal('persons')) if metric.numerator else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as denominator
{{ 'union all' if not loop.last }}
{% else -%}
select null as metric_id
{% endfor %}
