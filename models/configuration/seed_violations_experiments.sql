-- Rules of experimental design: what must be declared before the data, and agree with itself.
with experiments as (

    {{ typed_seed('experiments') }}

),

experiment_variants as (

    {{ typed_seed('experiment_variants') }}

),

experiment_metrics as (

    {{ typed_seed('experiment_metrics') }}

),

metric_roles as (

    select
        experiments.experiment_id,
        {{ count_where("experiment_metrics.role = 'primary'") }} as primaries,
        {{ count_where("experiment_metrics.role = 'secondary'") }} as secondaries,
        {{ count_where("experiment_metrics.role = 'guardrail'") }} as guardrails
    from experiments
    left join experiment_metrics on experiments.experiment_id = experiment_metrics.experiment_id
    group by experiments.experiment_id

),

-- Shares in whole billionths: their sum then depends on no order, and rounded thirds still add up. One out of range has a rule of its own.
variant_counts as (

    select
        experiments.experiment_id,
        count(experiment_variants.variant_id) as variants,
        {{ count_where('experiment_variants.is_control') }} as controls,
        cast(sum(case
            when experiment_variants.expected_share between 0 and 1 then cast(round(experiment_variants.expected_share * 1000000000) as bigint)
        end) as bigint) as share_billionths
    from experiments
    left join experiment_variants on experiments.experiment_id = experiment_variants.experiment_id
    group by experiments.experiment_id

),

-- what each verdict is given by, in the window that gives it
judged as (

    select
        experiment_metrics.experiment_id,
        experiment_metrics.metric_id,
        {{ decision_window('experiments.decision_window_days') }} as decision_window
    from experiment_metrics
    inner join experiments on experiment_metrics.experiment_id = experiments.experiment_id
    where experiment_metrics.role = 'primary'

),

violations as (

    select
    {{ violation('experiment_metrics', row_key('experiments'), 'role', 'one_primary', as_text('primaries') ~ " || ' metrics have the role primary; write exactly one.'") }}
    from metric_roles
    where primaries <> 1
    union all
    select
    {{ violation('experiment_metrics', row_key('experiments'), 'role', 'two_secondaries_at_most', as_text('secondaries') ~ " || ' metrics have the role secondary; write two at most.'") }}
    from metric_roles
    where secondaries > 2
    union all
    select
    {{ violation('experiment_metrics', row_key('experiments'), 'role', 'a_guardrail', "'no metric has the role guardrail; write at least one.'") }}
    from metric_roles
    where guardrails = 0
    union all
    select
    {{ violation('experiment_metrics', row_key('experiment_metrics'), 'min_lift_rollout', 'primary_has_thresholds', "'the primary metric needs min_lift_rollout and max_harm_rollback; write both, such as 0.02 and 0.05.'") }}
    from experiment_metrics
    where role = 'primary' and (min_lift_rollout is null or max_harm_rollback is null)
    union all
    select
    {{ violation('experiment_metrics', row_key('experiment_metrics'), 'max_harm_rollback', 'guardrail_has_threshold', "'a guardrail needs max_harm_rollback; write the relative harm that rolls the change back, such as 0.05.'") }}
    from experiment_metrics
    where role = 'guardrail' and max_harm_rollback is null
    {%- for metric_id, metric in metric_definitions().items() if metric.windows %}
    {%- set days, file = metric.windows | join(' or '), seed_file('experiments') %}
    {%- set found = literal(metric_id ~ ' has figures in windows of ' ~ days ~ ' days alone, and the verdict falls by the window ') %}
    {%- set advice = literal('; write decision_window_days ' ~ days ~ ' in ' ~ file ~ ', or make another metric the primary one.') %}
    {%- set message = found ~ ' || judged.decision_window || ' ~ advice %}
    {%- set key = row_key('experiment_metrics', 'judged') %}
    union all
    select
    {{ violation('experiment_metrics', key, 'metric_id', 'metric_has_the_decision_window', message) }}
    from judged
    where judged.metric_id = '{{ metric_id }}' and judged.decision_window not in ('{{ metric.windows | join("', '") }}')
    {%- endfor %}
    union all
    select
    {{ violation('experiment_variants', row_key('experiments'), 'variant_id', 'two_variants_at_least', "'the number of variants is ' || " ~ as_text('variants') ~ " || '; write at least two.'") }}
    from variant_counts
    where variants < 2
    union all
    select
    {{ violation('experiment_variants', row_key('experiments'), 'is_control', 'one_control', as_text('controls') ~ " || ' variants are the control; mark exactly one.'") }}
    from variant_counts
    where controls <> 1
    union all
    select
    {{ violation('experiment_variants', row_key('experiments'), 'expected_share', 'shares_add_up', "'the shares add up to ' || " ~ as_text(rate('share_billionths', '1000000000')) ~ " || '; they must add up to 1.'") }}
    from variant_counts
    where abs(share_billionths - 1000000000) > 1000
    union all
    select
    {{ violation('experiments', row_key('experiments'), 'what_changes', 'one_change_at_a_time', "'what_changes is \"several\" in the design ' || design || '; name the one thing that changes, or declare a factorial.'") }}
    from experiments
    where what_changes = 'several' and design <> 'factorial'
    union all
    select
    {{ violation('experiments', row_key('experiments'), 'looks', 'group_sequential_has_a_plan', "'group_sequential needs looks and spending; write how many looks, and obrien_fleming or pocock.'") }}
    from experiments
    where monitoring = 'group_sequential' and (looks is null or spending is null)
    union all
    select
    {{ violation('experiments', row_key('experiments'), 'ended_on', 'ends_after_start', "'it ends on ' || " ~ as_text('ended_on') ~ " || ', before it starts on ' || " ~ as_text('started_on') ~ " || '; write a later day.'") }}
    from experiments
    where ended_on < started_on
    union all
    select
    {{ violation('experiments', row_key('experiments'), 'declared_on', 'declared_before_start', "'it was declared on ' || " ~ as_text('declared_on') ~ " || ', after it started on ' || " ~ as_text('started_on') ~ " || '; a design is declared before its data.'") }}
    from experiments
    where declared_on > started_on

)

select
    file,
    row_key,
    column_name,
    rule,
    message
from violations
