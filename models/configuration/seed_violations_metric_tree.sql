-- Rules of the metric tree: a child is nearer to the feature than its parent, or as near; none is its own ancestor.
{%- set ranks = {'input': 1, 'experience': 2, 'guardrail': 2, 'outcome': 3} %}
{%- set rounds = 24 %}
with metric_tree as (

    {{ typed_seed('metric_tree') }}

),

metrics as (

    {% for metric, level in metric_levels().items() -%}
    select '{{ metric }}' as metric_id, '{{ level }}' as tree_level, {{ ranks[level] }} as distance
    {{- '\n    union all\n    ' if not loop.last }}
    {%- endfor %}

),

edges as (

    select distinct
        parent_metric_id,
        child_metric_id
    from metric_tree
    where parent_metric_id <> child_metric_id

),

-- Down from every metric, one edge a round; who meets itself stays there. A circle of more than {{ rounds }} edges is not looked for.
descent_1 as (

    select
        parent_metric_id as ancestor,
        child_metric_id as descendant
    from edges

),

{% for round in range(2, rounds + 1) -%}
descent_{{ round }} as (

    select distinct
        descent.ancestor,
        coalesce(edges.child_metric_id, descent.ancestor) as descendant
    from descent_{{ round - 1 }} as descent
    left join edges on descent.descendant = edges.parent_metric_id and descent.descendant <> descent.ancestor
    where edges.child_metric_id is not null or descent.descendant = descent.ancestor

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
    from descent_{{ rounds }}
    where ancestor = descendant
    union all
    select
    {{ violation('metric_tree', row_key('metric_tree', 'metric_tree'), 'child_metric_id', 'child_is_nearer', "'the child (' || children.tree_level || ') lies above its parent (' || parents.tree_level || '); a child is nearer to the feature: input, then experience or guardrail, then outcome.'") }}
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
