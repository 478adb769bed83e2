-- Rules of the metric tree: a child is nearer to the feature than its parent, or as near; none is its own ancestor.
{%- set ranks = {'input': 1, 'experience': 2, 'guardrail': 2, 'outcome': 3} %}
{%- set doublings = 6 %}
with metric_tree as (

    {{ typed_seed('metric_tree') }}

),

metrics as (

    {% for metric, level in metric_levels().items() -%}
    select '{{ metric }}' as metric_id, '{{ level }}' as tree_level, {{ ranks[level] }} as distance
    {{- '\n    union all\n    ' if not loop.last }}
    {%- endfor %}

),

descent_0 as (

    select distinct
        parent_metric_id as ancestor,
        child_metric_id as descendant
    from metric_tree
    where parent_metric_id <> child_metric_id

),

{% for number in range(1, doublings + 1) -%}
-- Descent over up to {{ 2 ** number }} edges: each round doubles the reach, and {{ 2 ** doublings }} is more than there are metrics.
descent_{{ number }} as (

    select
        ancestor,
        descendant
    from descent_{{ number - 1 }}
    union
    select
        upper_half.ancestor,
        lower_half.descendant
    from descent_{{ number - 1 }} as upper_half
    inner join descent_{{ number - 1 }} as lower_half on upper_half.descendant = lower_half.ancestor

),

{% endfor -%}

violations as (

    select
    {{ violation('metric_tree', row_key('metric_tree'), 'child_metric_id', 'no_self_edge', "'a metric cannot be its own child; name another one.'") }}
    from metric_tree
    where parent_metric_id = child_metric_id
    union all
    select
    {{ violation('metric_tree', "'parent_metric_id=' || ancestor", 'child_metric_id', 'no_cycle', "'\"' || ancestor || '\" is its own ancestor; take one edge of the circle out.'") }}
    from descent_{{ doublings }}
    where ancestor = descendant
    union all
    select
    {{ violation('metric_tree', row_key('metric_tree', 'metric_tree'), 'child_metric_id', 'child_is_nearer', "'the child is an ' || children.tree_level || ' metric and lies above its parent, an ' || parents.tree_level || ' metric; a child is nearer to the feature (input, experience or guardrail, outcome).'") }}
    from metric_tree
    inner join metrics as parents on metric_tree.parent_metric_id = parents.metric_id
    inner join metrics as children on metric_tree.child_metric_id = children.metric_id
    where children.distance > parents.distance

)

select
    file,
    row_key,
    column_name,
    rule,
    message
from violations
