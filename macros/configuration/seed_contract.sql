{#
  The contract of the configuration as data: everything that types, checks and gates the seeds is derived from this.

  Per seed: `key` (its columns together are unique), `columns` in order, `references` (columns, seed, its columns), and
  `is_optional` where the file may be missing. Per column: `kind` (text, integer, number, boolean, date, clock = HH:MM; text unless
  told), `required`, `allowed`, `reserved` (the value that stands for everything, which no cell may have), `min` and `max` (inclusive), `above`
  and `below` (exclusive), `default` (what an empty cell means).
#}
{% macro seed_contract() -%}
{%- set id = {'required': true} -%}
{%- set text = {} -%}
{%- set words = {'required': true} -%}
{%- set team = {'required': true, 'reserved': 'all'} -%}
{%- set flag = {'kind': 'boolean', 'required': true} -%}
{%- set feature_class = {'required': true, 'allowed': [
    'reduced_friction', 'contextual_messaging', 'human_handover', 'personalized_reassurance', 'self_serve_clarity',
]} -%}
{%- set single_changes = ['copy', 'timing', 'audience', 'channel', 'offer', 'layout', 'routing', 'threshold'] -%}
{%- set to_journey = [['journey_id'], 'journeys', ['journey_id']] -%}
{%- set to_experiment = [['experiment_id'], 'experiments', ['experiment_id']] -%}
{{ return({
    'journeys': {'key': ['journey_id'], 'columns': {
        'journey_id': id,
        'journey_name': words,
        'owner_team': team,
        'intent': {'required': true, 'allowed': ['high', 'low']},
        'attempt_timeout_minutes': {'kind': 'integer', 'required': true, 'above': 0, 'max': 10000000},
        'value_per_completion': {'kind': 'number', 'min': 0, 'max': 1000000000},
        'currency': text,
    }},
    'journey_steps': {'key': ['journey_id', 'step_id'], 'references': [to_journey], 'columns': {
        'journey_id': id,
        'step_id': id,
        'step_order': {'kind': 'integer', 'required': true, 'min': 1},
        'step_name': words,
        'is_required': flag,
        'field_count': {'kind': 'integer', 'min': 0},
        'entry_event': words,
        'entry_page': text,
        'completion_event': text,
    }},
    'signal_events': {'key': ['event_name', 'signal'], 'columns': {
        'event_name': id,
        'signal': {'required': true, 'allowed': ['click', 'field_edit', 'error', 'help', 'exit_survey']},
    }},
    'campaigns': {'key': ['campaign_id'], 'references': [
        [['target_journey_id'], 'journeys', ['journey_id']],
        [['target_journey_id', 'target_step_id'], 'journey_steps', ['journey_id', 'step_id']],
    ], 'columns': {
        'campaign_id': id,
        'campaign_name': words,
        'channel': words,
        'purpose': {'required': true, 'allowed': ['promote', 'activate', 'reassure', 'recover']},
        'context_signal': text,
        'target_journey_id': text,
        'target_step_id': text,
        'attribution_hours': {'kind': 'integer', 'above': 0, 'max': 100000},
        'owner_team': team,
    }},
    'support_costs': {'key': ['channel'], 'columns': {
        'channel': id,
        'owner_team': team,
        'cost_per_contact': {'kind': 'number', 'required': true, 'min': 0, 'max': 1000000},
        'minutes_per_agent_message': {'kind': 'number', 'required': true, 'min': 0, 'max': 10000},
        'cost_per_agent_minute': {'kind': 'number', 'required': true, 'min': 0, 'max': 10000},
        'currency': words,
    }},
    'business_hours': {'key': ['weekday', 'opens_at'], 'columns': {
        'weekday': {'kind': 'integer', 'required': true, 'min': 1, 'max': 7},
        'opens_at': {'kind': 'clock', 'required': true},
        'closes_at': {'kind': 'clock', 'required': true},
        'timezone': words,
    }},
    'holidays': {'key': ['holiday_date'], 'columns': {
        'holiday_date': {'kind': 'date', 'required': true},
        'holiday_name': text,
    }},
    'experiments': {'key': ['experiment_id'], 'references': [to_journey], 'columns': {
        'experiment_id': id,
        'experiment_name': words,
        'feature_class': feature_class,
        'owner_team': team,
        'journey_id': text,
        'hypothesis': words,
        'what_changes': {'required': true, 'allowed': single_changes + ['several']},
        'design': {'required': true, 'allowed': ['ab', 'multivariate', 'holdout', 'factorial']},
        'monitoring': {'allowed': ['fixed', 'group_sequential', 'always_valid'], 'default': 'group_sequential'},
        'looks': {'kind': 'integer', 'min': 1},
        'spending': {'allowed': ['obrien_fleming', 'pocock']},
        'alpha': {'kind': 'number', 'above': 0, 'below': 1, 'default': 0.05},
        'power': {'kind': 'number', 'above': 0, 'below': 1, 'default': 0.8},
        'declared_on': {'kind': 'date', 'required': true},
        'started_on': {'kind': 'date', 'required': true},
        'ended_on': {'kind': 'date'},
        'decision_window_days': {'kind': 'integer', 'allowed': [7, 30, 90]},
        'planned_sample_per_variant': {'kind': 'integer', 'required': true, 'above': 0},
        'covariate_window_days': {'kind': 'integer', 'min': 0, 'max': 10000, 'default': 28},
        'pain_point': text,
        'correction': {'allowed': ['holm', 'benjamini_hochberg', 'none'], 'default': 'holm'},
    }},
    'experiment_variants': {'key': ['experiment_id', 'variant_id'], 'references': [to_experiment], 'columns': {
        'experiment_id': id,
        'variant_id': id,
        'is_control': flag,
        'expected_share': {'kind': 'number', 'required': true, 'min': 0, 'max': 1},
        'factor_levels': text,
    }},
    'experiment_metrics': {'key': ['experiment_id', 'metric_id'], 'references': [to_experiment], 'columns': {
        'experiment_id': id,
        'metric_id': {'required': true, 'allowed': 'metrics'},
        'role': {'required': true, 'allowed': ['primary', 'secondary', 'guardrail']},
        'good_direction': {'required': true, 'allowed': ['increase', 'decrease']},
        'mde_relative': {'kind': 'number', 'min': 0},
        'min_lift_rollout': {'kind': 'number', 'min': 0},
        'max_harm_rollback': {'kind': 'number', 'min': 0},
    }},
    'value_assumptions': {'key': ['experiment_id', 'stream', 'metric_id'], 'references': [to_experiment], 'columns': {
        'experiment_id': id,
        'stream': {'required': true, 'allowed': ['revenue_created', 'revenue_preserved', 'cost_reduced', 'decision_velocity']},
        'metric_id': {'allowed': 'metrics'},
        'units_per_month': {'kind': 'number', 'min': 0},
        'qualified_share': {'kind': 'number', 'min': 0, 'max': 1, 'default': 1},
        'value_per_unit': {'kind': 'number', 'required': true, 'min': 0, 'max': 1000000000},
        'value_low': {'kind': 'number', 'min': 0},
        'value_high': {'kind': 'number', 'min': 0},
        'is_direct': flag,
        'monthly_run_cost': {'kind': 'number', 'min': 0, 'default': 0},
        'one_off_cost': {'kind': 'number', 'min': 0, 'default': 0},
        'currency': words,
    }},
    'backlog_ideas': {'key': ['idea_id'], 'is_optional': true, 'references': [
        to_journey,
        [['journey_id', 'step_id'], 'journey_steps', ['journey_id', 'step_id']],
        [['campaign_id'], 'campaigns', ['campaign_id']],
        [['channel'], 'support_costs', ['channel']],
    ], 'columns': {
        'idea_id': id,
        'idea_name': words,
        'feature_class': feature_class,
        'owner_team': team,
        'hypothesis': words,
        'journey_id': text,
        'step_id': text,
        'campaign_id': text,
        'channel': text,
        'expected_lift': {'kind': 'number', 'required': true, 'min': 0},
        'confidence': {'kind': 'number', 'required': true, 'min': 0, 'max': 1},
        'effort_days': {'kind': 'number', 'required': true, 'above': 0},
        'days_to_learn': {'kind': 'number', 'required': true, 'min': 0},
    }},
    'metric_tree': {'key': ['parent_metric_id', 'child_metric_id'], 'is_optional': true, 'columns': {
        'parent_metric_id': {'required': true, 'allowed': 'metrics'},
        'child_metric_id': {'required': true, 'allowed': 'metrics'},
        'expected_sign': {'kind': 'integer', 'required': true, 'allowed': [1, -1]},
        'rationale': words,
    }},
}) }}
{%- endmacro %}
