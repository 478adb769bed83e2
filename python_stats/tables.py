"""The tables written back beside the marts: their columns, in order, with types and meaning."""

Columns = dict[str, str]

_RUN: Columns = {"as_of": "timestamp", "run_id": "varchar"}

EXPERIMENT_RESULTS: Columns = {
    # what was compared with what
    "experiment_id": "varchar",
    "variant_id": "varchar",
    "control_variant_id": "varchar",
    "metric_id": "varchar",
    "metric_window": "varchar",  # '7', '30', '90', 'all'
    "segment": "varchar",  # 'all' or 'plan=pro'
    "role": "varchar",  # primary, secondary, guardrail, value (only money looks at it)
    "metric_kind": "varchar",  # share, mean, ratio, time
    "method": "varchar",  # welch, delta, cuped, restricted_mean
    "good_direction": "varchar",
    "status": "varchar",  # ok, or why there is no estimate
    "relative_status": "varchar",  # ok, unbounded (the control is not distinguishable from 0), or as status
    # how many persons (time: cases)
    "n_control": "bigint",
    "n_variant": "bigint",
    # the estimate, in the metric's own unit
    "control_value": "double",
    "control_se": "double",
    "variant_value": "double",  # control_value + effect: adjusted where the method is cuped
    "variant_se": "double",  # of the plain value
    "effect": "double",  # variant − control, adjusted where the method is cuped
    "standard_error": "double",
    "control_slope": "double",  # effect = control_slope × control_value + rest: −1 for a plain difference
    "rest_se": "double",  # standard error of that rest, which is independent of the control; what thresholds are tested with
    "skewness": "double",  # of the difference; beyond ± 0.1 the status is `skewed`; null: not known
    "df": "double",  # null: normal
    "ci_low": "double",
    "ci_high": "double",
    "relative_effect": "double",  # effect ÷ |control|
    "relative_ci_low": "double",  # Fieller
    "relative_ci_high": "double",
    "p_value": "double",  # of a monitored metric: for all its looks
    "p_adjusted": "double",  # secondary: by the design's correction; primary: × variants
    "alpha": "double",  # error rate; the intervals of all looks hold together with 1 − alpha
    "nominal_alpha": "double",  # level of this row's intervals; alpha where there is but one look
    "known_on": "date",  # a monitored metric is as it stood at this day's end; null: at as_of
    "score_ci_low": "double",  # shares: Newcombe–Wilson, of the plain difference
    "score_ci_high": "double",
    # method cuped: the plain difference, for comparison, and what adjusting for the time before the exposure did
    "unadjusted_variant_value": "double",
    "unadjusted_effect": "double",
    "unadjusted_ci_low": "double",
    "unadjusted_ci_high": "double",
    "unadjusted_p_value": "double",
    "covariate_slope": "double",  # theta: units of the metric per unit of it before the exposure
    "variance_reduction": "double",  # share of the variance that the covariate explains
    # guardrails: is harm of max_harm_rollback excluded?
    "non_inferiority": "varchar",  # non_inferior, harmed, open, not_assessed
    "non_inferiority_p_value": "double",  # one-sided, of "harm of max_harm_rollback or more"; non_inferior where it is below alpha / 2
    "horizon_s": "double",  # times: the restricted mean is taken to here
    "min_lift_rollout": "double",
    "max_harm_rollback": "double",
    "is_decision": "boolean",  # the window and segment that give the verdict
    **_RUN,
}

EXPERIMENT_EFFECTS_FACTORIAL: Columns = {
    "experiment_id": "varchar",
    "effect_id": "varchar",  # 'copy=warm' (main effect), 'copy=warm;timing=prompt' (interaction)
    "metric_id": "varchar",
    "metric_window": "varchar",
    "factors": "bigint",  # 1: main effect; 2 and more: interaction
    "role": "varchar",
    "metric_kind": "varchar",
    "method": "varchar",
    "good_direction": "varchar",
    "is_decision": "boolean",  # the window of the verdict
    "alpha": "double",
    "nominal_alpha": "double",  # level of these intervals: the primary metric's, its alpha shared among variants and looks
    "status": "varchar",
    "relative_status": "varchar",
    "persons": "bigint",  # in the cells that take part
    "persons_in_smallest_cell": "bigint",
    "base_value": "double",  # mean of the cells that the effect starts from
    "effect": "double",
    "standard_error": "double",
    "df": "double",
    "ci_low": "double",
    "ci_high": "double",
    "relative_effect": "double",  # effect ÷ |base_value|
    "relative_ci_low": "double",
    "relative_ci_high": "double",
    "p_value": "double",  # of a single look; null where looks may have chosen the moment
    "p_adjusted": "double",  # over the effects of this metric and window; null as p_value
    "skewness": "double",
    **_RUN,
}

EXPERIMENT_INCREMENTS: Columns = {
    "experiment_id": "varchar",
    "variant_id": "varchar",
    "control_variant_id": "varchar",
    "metric_id": "varchar",
    "metric_window": "varchar",
    "role": "varchar",
    "metric_kind": "varchar",
    "method": "varchar",
    "good_direction": "varchar",
    "is_decision": "boolean",
    "alpha": "double",
    "nominal_alpha": "double",  # level of these intervals: no less strict than the primary metric's
    "status": "varchar",
    "p_value": "double",  # as in experiment_results; null for a single look where looks may have chosen the moment
    "persons": "bigint",  # of the variant
    "messages": "double",  # delivered to the variant; null where no metric of the experiment counts them
    "units": "double",  # what the effect is per: persons, or the denominator of a ratio
    "per_person": "double",  # what came on top, because of the variant
    "per_person_low": "double",
    "per_person_high": "double",
    "per_1000_messages": "double",
    "per_1000_messages_low": "double",
    "per_1000_messages_high": "double",
    "total": "double",
    "total_low": "double",
    "total_high": "double",
    **_RUN,
}

EXPERIMENT_SEGMENTS: Columns = {
    "experiment_id": "varchar",
    "variant_id": "varchar",
    "control_variant_id": "varchar",
    "metric_id": "varchar",
    "metric_window": "varchar",
    "segment": "varchar",  # 'plan=pro'
    "segment_column": "varchar",  # 'plan': its segments are tested and shrunken together
    "role": "varchar",
    "metric_kind": "varchar",
    "good_direction": "varchar",
    "is_decision": "boolean",
    "alpha": "double",
    "status": "varchar",  # as in experiment_results; one_segment: nothing to compare it with
    "n_control": "bigint",
    "n_variant": "bigint",
    "effect": "double",  # its own, as in experiment_results
    "ci_low": "double",
    "ci_high": "double",
    "interaction_q": "double",  # Cochran's test that the effect is the same in all segments
    "interaction_df": "bigint",
    "interaction_p_value": "double",
    "interaction_p_adjusted": "double",  # over columns and metrics, in the window of the verdict
    "is_different": "boolean",  # the segments differ, by the adjusted p-value
    "between_sd": "double",  # spread of the true effects between segments
    "common_effect": "double",
    "shrunken_effect": "double",  # what to expect of the segment: its own effect drawn towards the common one
    "shrunken_ci_low": "double",
    "shrunken_ci_high": "double",
    **_RUN,
}

EXPERIMENT_DECISIONS: Columns = {
    "experiment_id": "varchar",
    "experiment_name": "varchar",
    "feature_class": "varchar",
    "owner_team": "varchar",
    "verdict": "varchar",
    "reason": "varchar",
    "sentence": "varchar",
    "variant_id": "varchar",
    "metric_id": "varchar",  # the primary
    "metric_window": "varchar",
    "good_direction": "varchar",
    "guardrails": "varchar",  # metric_id=state; …
    # the primary metric's estimate for that variant
    "control_value": "double",
    "variant_value": "double",
    "effect": "double",
    "ci_low": "double",
    "ci_high": "double",
    "relative_effect": "double",
    "relative_ci_low": "double",
    "relative_ci_high": "double",
    "p_value": "double",
    "alpha": "double",
    "nominal_alpha": "double",
    "status": "varchar",
    "min_lift_rollout": "double",
    "max_harm_rollback": "double",
    # how it was watched, and the day on which the verdict fell (null: it has not, or no daily figures tell)
    "monitoring": "varchar",
    "looks": "bigint",  # taken
    "decided_on": "date",
    "days_to_decision": "bigint",  # from the declaration to decided_on
    "planned_days_to_decision": "bigint",  # to the last planned day with its decision window; null: open end
    # how far it is, and whether the split is sound
    # of the smaller of the two arms; where the primary metric is a time: its cases, as they were planned
    "persons_per_variant": "bigint",
    "planned_sample_per_variant": "bigint",
    "exposed": "bigint",
    "contaminated": "bigint",
    "contaminated_share": "double",
    "split_status": "varchar",
    "split_chi_square": "double",
    "split_p_value": "double",
    "split_daily_p_value": "double",  # of the test that may be looked at every day: the least so far
    "is_split_sound": "boolean",
    **_RUN,
}

EXPERIMENT_SEQUENTIAL: Columns = {
    "experiment_id": "varchar",
    "variant_id": "varchar",
    "metric_id": "varchar",  # the primary, and the guardrails
    "day": "date",  # complete days only: nothing here was known later than at its end
    "role": "varchar",
    "metric_window": "varchar",
    "monitoring": "varchar",
    "stage": "varchar",  # waiting, safety (only strong harm counts), look, last, over (all of alpha was spent before)
    "look": "bigint",  # null: no decision could fall
    "n_control": "bigint",
    "n_variant": "bigint",
    "information": "double",  # the smaller arm's persons (time: cases) ÷ the planned sample
    "status": "varchar",
    "effect": "double",
    "standard_error": "double",
    "z": "double",  # the normal deviate with the p-value of the day's test
    "boundary": "double",  # of |z|
    "alpha": "double",  # for all looks together
    "nominal_alpha": "double",  # of this day's interval
    "alpha_spent": "double",  # group-sequential: up to this look
    "ci_low": "double",  # these intervals hold on all days together
    "ci_high": "double",
    "relative_effect": "double",
    "relative_ci_low": "double",
    "relative_ci_high": "double",
    "p_value": "double",  # for all looks up to this one
    "is_crossed": "boolean",  # on this day
    "was_crossed": "boolean",  # on this day or before
    "verdict": "varchar",  # primary: on the variant, as it stood at the day's end
    "split_p_value": "double",  # of the sample-ratio test that may be looked at every day
    **_RUN,
}

EXPERIMENT_TIME_EFFECTS: Columns = {
    "experiment_id": "varchar",
    "variant_id": "varchar",
    "metric_id": "varchar",
    "metric_window": "varchar",
    "segment": "varchar",
    "measure": "varchar",  # restricted_mean, median, p90, log_rank
    "status": "varchar",  # ok, or why there is no estimate: no_events, not_reached (too few have had their event), …
    "alpha": "double",
    "n_control": "bigint",  # cases
    "events_control": "bigint",
    "n_variant": "bigint",
    "events_variant": "bigint",
    "control_value": "double",  # seconds
    "control_ci_low": "double",
    "control_ci_high": "double",  # null beside an estimate: beyond what was observed
    "variant_value": "double",
    "variant_ci_low": "double",
    "variant_ci_high": "double",
    "effect": "double",  # variant − control
    "ci_low": "double",
    "ci_high": "double",
    "relative_effect": "double",
    "relative_ci_low": "double",
    "relative_ci_high": "double",
    "chi_square": "double",  # log-rank, one degree of freedom
    "p_value": "double",
    "horizon_s": "double",  # restricted mean: taken to here
    **_RUN,
}

EXPERIMENT_SURVIVAL: Columns = {
    "experiment_id": "varchar",
    "variant_id": "varchar",
    "metric_id": "varchar",
    "metric_window": "varchar",
    "time_s": "double",  # the end of a bucket
    "survival": "double",  # share without the event by then
    "ci_low": "double",  # Greenwood, log-log scale, at the design's alpha
    "ci_high": "double",
    "at_risk": "bigint",  # after the time before this one
    "events": "bigint",  # since the time before this one
    "censored": "bigint",
    **_RUN,
}

ROI_ESTIMATES: Columns = {
    "experiment_id": "varchar",  # 'all': the portfolio of what ships
    "stream": "varchar",  # a value stream, total_direct, total_indirect, total (both), shipped_direct, shipped_indirect
    "metric_id": "varchar",
    "row_kind": "varchar",  # stream, total, overall (direct and indirect), portfolio: do not add up across kinds
    "is_direct": "boolean",
    "verdict": "varchar",
    "variant_id": "varchar",
    "status": "varchar",  # ok, partial, or why there is no amount
    "experiments": "bigint",  # portfolio: how many have an estimate; what the others cost is in it as well
    "effect": "double",  # good is positive
    "effect_se": "double",
    "effect_df": "double",
    "nominal_alpha": "double",  # a stream's: level at which its effect is read, no less strict than the primary metric's
    "units_per_month": "double",
    "units_source": "varchar",  # declared, measured
    "interval_from": "varchar",  # effect (one stream's own), net_value (correlations included), widest_sum, independent_experiments
    "extra_units_per_month": "double",
    "qualified_share": "double",
    "value_per_unit": "double",
    "value_low": "double",
    "value_high": "double",
    "gross_per_month": "double",
    "monthly_run_cost": "double",
    "impact_per_month": "double",
    "impact_per_month_low": "double",  # effects at their levels, values of a unit at the design's alpha
    "impact_per_month_high": "double",
    "annual": "double",
    "annual_low": "double",
    "annual_high": "double",
    "one_off_cost": "double",
    "first_year": "double",
    "first_year_low": "double",
    "first_year_high": "double",
    "cost_first_year": "double",
    "roi": "double",  # first_year ÷ cost_first_year
    "probability_pays": "double",  # that the first year ends above 0; null where looks may have chosen the moment
    "payback_months": "double",  # of the one-off cost, less what comes once
    "currency": "varchar",
    **_RUN,
}

EXPERIMENT_DURABILITY: Columns = {
    "experiment_id": "varchar",
    "variant_id": "varchar",
    "metric_id": "varchar",
    "earlier_window": "varchar",  # '7', '30'
    "later_window": "varchar",  # '30', '90'
    "good_direction": "varchar",
    "status": "varchar",  # ok, unchanged (nothing happened since), unbounded, not_comparable (times), or why there is none
    "direction": "varchar",  # of what is good: fades or grows where that is established, else open
    "n_control": "bigint",  # the same persons in both windows: all who have passed the later one
    "n_variant": "bigint",
    "relative_effect_earlier": "double",
    "relative_effect_later": "double",
    "change": "double",  # later − earlier
    "standard_error": "double",
    "df": "double",
    "ci_low": "double",
    "ci_high": "double",
    "p_value": "double",
    "alpha": "double",
    **_RUN,
}

LEARNING_NOTES: Columns = {
    "experiment_id": "varchar",
    "experiment_name": "varchar",
    "verdict": "varchar",
    "hypothesis": "varchar",
    "what_changed": "varchar",
    "what_the_metrics_showed": "varchar",  # primary, secondary and guardrail metrics, and whether the effect lasts
    "primary_showed": "varchar",
    "secondary_showed": "varchar",  # null: none, or an unsound split
    "guardrails_showed": "varchar",
    "what_next": "varchar",
    **_RUN,
}

LEARNING_PATTERNS: Columns = {
    "feature_class": "varchar",
    "metric_id": "varchar",
    "experiments": "bigint",  # decided and sound, that declared the metric
    "improved": "bigint",  # of these: the whole interval of the decided variant lies on the good side of 0
    "unclear": "bigint",  # it holds 0, or there is none
    "worsened": "bigint",  # it lies on the bad side; by more than a guardrail allows or not
    "best_experiment_id": "varchar",  # of the improved ones
    "best_relative_effect": "double",
    **_RUN,
}

METRIC_TREE_EVIDENCE: Columns = {
    "parent_metric_id": "varchar",
    "child_metric_id": "varchar",
    "expected_sign": "bigint",
    "evidence": "varchar",  # experiment (both moved in one), observational (their weeks move together), assumed
    "is_as_expected": "boolean",  # the sign of the evidence is the expected one; null: assumed
    "experiment_id": "varchar",  # of all that moved both, where the weaker effect is surest
    "variant_id": "varchar",
    "metric_window": "varchar",
    "child_relative_effect": "double",
    "child_relative_ci_low": "double",
    "child_relative_ci_high": "double",
    "child_effect": "double",
    "child_ci_low": "double",
    "child_ci_high": "double",
    "parent_relative_effect": "double",
    "parent_relative_ci_low": "double",
    "parent_relative_ci_high": "double",
    "parent_effect": "double",
    "parent_ci_low": "double",
    "parent_ci_high": "double",
    "weekly_status": "varchar",  # ok, too_few_weeks, no_change, no_weeks
    "weeks": "bigint",  # pairs of changes from week to week
    "lag_weeks": "bigint",  # the parent follows the child by so many
    "correlation": "double",  # of the changes
    "correlation_ci_low": "double",  # for all lags looked at together
    "correlation_ci_high": "double",
    **_RUN,
}

RUN_HISTORY: Columns = {
    "run_id": "varchar",  # its number, which orders runs, and when it started
    "source_table": "varchar",  # '' where the run came to no raw table
    "started_at": "timestamp",
    "finished_at": "timestamp",  # null: it was killed, or is the one that wrote this
    "outcome": "varchar",  # published, checks_failed, failed, interrupted
    "stage": "varchar",  # the stage it ended in: build, analyze, report, publish
    "exit_code": "bigint",
    "message": "varchar",
    "as_of": "timestamp",
    # how long its stages took, by this machine's clock; null: it did not come so far, or had not ended when this was written
    "seconds_build": "double",
    "seconds_analyze": "double",
    "seconds_report": "double",
    "seconds_publish": "double",
    "seconds_total": "double",
    # what was in the raw table
    "landed_until": "timestamp",  # the latest moment at which a row landed; null: no row says
    "rows_in": "bigint",
    "rows_accepted": "bigint",
    "rows_duplicate": "bigint",
    "rows_rejected": "bigint",
    "rows_forgotten": "bigint",
}

TABLES: dict[str, Columns] = {
    "experiment_results": EXPERIMENT_RESULTS,
    "experiment_effects_factorial": EXPERIMENT_EFFECTS_FACTORIAL,
    "experiment_increments": EXPERIMENT_INCREMENTS,
    "experiment_segments": EXPERIMENT_SEGMENTS,
    "experiment_decisions": EXPERIMENT_DECISIONS,
    "experiment_sequential": EXPERIMENT_SEQUENTIAL,
    "experiment_time_effects": EXPERIMENT_TIME_EFFECTS,
    "experiment_survival": EXPERIMENT_SURVIVAL,
    "roi_estimates": ROI_ESTIMATES,
    "experiment_durability": EXPERIMENT_DURABILITY,
    "learning_notes": LEARNING_NOTES,
    "learning_patterns": LEARNING_PATTERNS,
    "metric_tree_evidence": METRIC_TREE_EVIDENCE,
    "run_history": RUN_HISTORY,
}

KEYS: dict[str, tuple[str, ...]] = {
    "experiment_results": ("experiment_id", "variant_id", "metric_id", "metric_window", "segment"),
    "experiment_effects_factorial": ("experiment_id", "effect_id", "metric_id", "metric_window"),
    "experiment_increments": ("experiment_id", "variant_id", "metric_id", "metric_window"),
    "experiment_segments": ("experiment_id", "variant_id", "metric_id", "metric_window", "segment"),
    "experiment_decisions": ("experiment_id",),
    "experiment_sequential": ("experiment_id", "variant_id", "metric_id", "day"),
    "experiment_time_effects": ("experiment_id", "variant_id", "metric_id", "metric_window", "segment", "measure"),
    "experiment_survival": ("experiment_id", "variant_id", "metric_id", "metric_window", "time_s"),
    "roi_estimates": ("experiment_id", "stream", "metric_id"),
    "experiment_durability": ("experiment_id", "variant_id", "metric_id", "earlier_window", "later_window"),
    "learning_notes": ("experiment_id",),
    "learning_patterns": ("feature_class", "metric_id"),
    "metric_tree_evidence": ("parent_metric_id", "child_metric_id"),
    "run_history": ("run_id", "source_table"),
}
