"""From marts to the tables written back: reads, decides, prices, writes. One run gives one `run_id`, derived from what it wrote."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from python_stats import learning, metric_tree, money, monitoring, verdicts
from python_stats.analysis import Options, analyze, split_of
from python_stats.analysis.durability import durability
from python_stats.analysis.factorial import factorial_effects
from python_stats.analysis.increments import increments
from python_stats.analysis.segments import segment_effects
from python_stats.analysis.time_effects import survival_curves, time_effects
from python_stats.designs import Design, read_designs
from python_stats.errors import UserError
from python_stats.notes import note_of
from python_stats.tables import KEYS, TABLES
from python_stats.warehouse import Warehouse

Row = dict[str, Any]

_STATS = (
    "experiment_id variant_id metric_id metric_window segment metric_kind persons numerator denominator "
    "pivot_y pivot_d pivot_x pivot_z sum_y sum_d sum_x sum_z sum_yy sum_dd sum_xx sum_zz sum_yd sum_yx sum_yz sum_dx sum_dz sum_xz "
    "skew_unit sum_cubes"
).split()
_SUMS = [name for name in _STATS if name not in ("segment", "skew_unit", "sum_cubes")]  # what every table of statistics has
_LIFE = "experiment_id variant_id metric_id metric_window segment bucket_start_s bucket_end_s at_risk events censored".split()
_EXPERIMENTS = (
    "experiment_id experiment_name feature_class owner_team hypothesis what_changes design monitoring looks spending alpha power "
    "declared_on started_on ended_on decision_window_days planned_sample_per_variant covariate_window_days pain_point correction"
).split()
_VALUES = (
    "experiment_id stream metric_id units_per_month qualified_share value_per_unit value_low value_high is_direct "
    "monthly_run_cost one_off_cost currency"
).split()
_METRICS = "experiment_id metric_id role good_direction mde_relative min_lift_rollout max_harm_rollback".split()
_VARIANTS = "experiment_id variant_id is_control expected_share factor_levels".split()


@dataclass(frozen=True)
class Run:
    """What one run found."""

    as_of: datetime
    run_id: str
    tables: Mapping[str, Sequence[Row]]


def run(warehouse: Warehouse, options: Options) -> Run:
    """Analyse every experiment and write the tables back.

    Raises:
        UserError: a mart that is not there, or is empty where it must not be.
    """
    as_of, local_now = read_now(warehouse)
    designs = read_all_designs(warehouse)
    traffic = warehouse.read(
        "experiment_traffic",
        ("experiment_id", "variant_id", "exposed", "contaminated", "without_consent"),
        ("experiment_id", "variant_id"),
    )
    stats = warehouse.read("experiment_metric_stats", _STATS, _STATS[:5])
    life_tables = warehouse.read("experiment_life_tables", _LIFE, _LIFE[:6])

    # only the window of the verdict is followed from day to day
    followed = [(design.experiment_id, design.decision_window) for design in designs]
    among = (("experiment_id", "metric_window"), followed)
    daily_stats = warehouse.read("experiment_metric_stats_daily", [*_SUMS, "skew_unit", "sum_cubes", "day"], among=among)
    daily_traffic = warehouse.read("experiment_traffic_daily", ("experiment_id", "variant_id", "day", "exposed"))

    found = _by_experiment(analyze(designs, stats, life_tables, options))
    daily = monitoring.compare_daily(designs, daily_stats, options)
    traffic_of, daily_traffic_of = _by_experiment(traffic), _by_experiment(daily_traffic)
    results: list[Row] = []
    decisions: list[Row] = []
    days: list[Row] = []
    judged: dict[str, verdicts.Verdict] = {}
    for design in designs:
        key = design.experiment_id
        split = split_of(design, traffic_of[key])
        judgement = monitoring.judge(design, found[key], daily, split, daily_traffic_of[key], local_now, options.reporting_currency)
        judged[key] = judgement.verdict
        results += judgement.results
        days += judgement.days
        decisions.append(_decision(design, judgement, traffic_of[key]))
    estimates = money.estimate(designs, results, judged, traffic, stats, life_tables, local_now, options.reporting_currency, daily_traffic)
    windows = durability(designs, _windows(warehouse), results)
    by_experiment, by_window = _by_experiment(results), _by_experiment(windows)
    tables: dict[str, list[Row]] = {
        "experiment_results": results,
        "experiment_effects_factorial": factorial_effects(designs, stats, results),
        "experiment_increments": increments(designs, results, stats),
        "experiment_segments": segment_effects(designs, results),
        "experiment_decisions": decisions,
        "experiment_sequential": days,
        "experiment_time_effects": time_effects(designs, results, life_tables, options),
        "experiment_survival": survival_curves(designs, life_tables),
        "roi_estimates": estimates,
        "experiment_durability": windows,
        "learning_notes": [
            note_of(design, judged[key], by_experiment[key], by_window[key], options.reporting_currency)
            for key, design in ((design.experiment_id, design) for design in designs)
        ],
        "learning_patterns": learning.patterns(results, decisions),
        "metric_tree_evidence": metric_tree.edges(*_tree(warehouse), results, decisions),
    }
    stamped, run_id = _stamped(tables, as_of)
    warehouse.write(stamped)
    return Run(as_of, run_id, stamped)


def _windows(warehouse: Warehouse) -> list[Row]:
    """Rows of `experiment_window_stats`; none where marts were built before there was such a table."""
    columns = [*_SUMS, "earlier_window"]
    return warehouse.read("experiment_window_stats", columns, columns[:4]) if warehouse.has("experiment_window_stats") else []


def _tree(warehouse: Warehouse) -> tuple[list[Row], list[Row]]:
    """The metric tree and its weeks; nothing where there is none."""
    if not (warehouse.has("cfg_metric_tree") and warehouse.has("metric_tree_weekly")):
        return [], []
    key = ("parent_metric_id", "child_metric_id")
    tree = warehouse.read("cfg_metric_tree", (*key, "expected_sign"), key)
    return tree, warehouse.read("metric_tree_weekly", ("metric_id", "week", "is_complete", "value"), ("metric_id", "week"))


def read_all_designs(warehouse: Warehouse) -> tuple[Design, ...]:
    """Every experiment as declared."""
    return read_designs(
        warehouse.read("cfg_experiments", _EXPERIMENTS),
        warehouse.read("cfg_experiment_variants", _VARIANTS),
        warehouse.read("cfg_experiment_metrics", _METRICS),
        warehouse.read("cfg_value_assumptions", _VALUES),
    )


def read_now(warehouse: Warehouse) -> tuple[datetime, datetime]:
    """The moment that counts as now: in UTC, and by the clock of `reporting_timezone`, whose days those of designs and daily marts are.

    Raises:
        UserError: where the mart is empty: no raw row was accepted.
    """
    rows = warehouse.read("as_of", ("as_of", "local_as_of"))
    if not rows or rows[0]["as_of"] is None:
        raise UserError("as_of: the mart is empty, because no raw row was accepted; load raw data, or give --vars '{as_of: …}'")
    in_utc, local = rows[0]["as_of"], rows[0]["local_as_of"]
    assert isinstance(in_utc, datetime) and isinstance(local, datetime)
    return in_utc, local


def read_sources(warehouse: Warehouse) -> dict[str, Row]:
    """Per raw table how far it reaches (`landed_until`, text), and what became of its rows."""
    counts = ("rows_in", "rows_accepted", "rows_duplicate", "rows_rejected", "rows_forgotten")
    return {
        row["source_table"]: {"landed_until": row["landed_until"] and str(row["landed_until"]), **{name: row[name] for name in counts}}
        for row in warehouse.read("source_audit", ("source_table", "landed_until", *counts))
    }


def _by_experiment(rows: Iterable[Row]) -> Mapping[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["experiment_id"]].append(row)
    return found


def _decision(design: Design, judgement: monitoring.Judgement, traffic: Sequence[Row]) -> Row:
    verdict, split, results = judgement.verdict, judgement.split, judgement.results
    primary = next(
        (row for row in results if row["is_decision"] and row["role"] == "primary" and verdict.variant_id in (None, row["variant_id"])),
        None,
    )
    exposed, contaminated = (sum(row[name] or 0 for row in traffic) for name in ("exposed", "contaminated"))
    shown = (
        "control_value variant_value effect ci_low ci_high relative_effect relative_ci_low relative_ci_high p_value alpha "
        "nominal_alpha status min_lift_rollout max_harm_rollback"
    ).split()
    return {
        "experiment_id": design.experiment_id,
        "experiment_name": design.experiment_name,
        "feature_class": design.feature_class,
        "owner_team": design.owner_team,
        "verdict": verdict.verdict,
        "reason": verdict.reason,
        "sentence": verdict.sentence,
        "variant_id": verdict.variant_id,
        "metric_id": primary["metric_id"] if primary else None,
        "metric_window": design.decision_window,
        "good_direction": primary["good_direction"] if primary else None,
        "guardrails": verdict.guardrails,
        **{name: primary[name] if primary else None for name in shown},
        "monitoring": design.monitoring,
        "looks": judgement.looks,
        "decided_on": verdict.decided_on,
        "days_to_decision": (verdict.decided_on - design.declared_on).days if verdict.decided_on else None,
        "planned_days_to_decision": (design.planned_decision_on - design.declared_on).days if design.planned_decision_on else None,
        "persons_per_variant": min(primary["n_control"] or 0, primary["n_variant"] or 0) if primary else None,
        "planned_sample_per_variant": design.planned_sample_per_variant,
        "exposed": exposed,
        "contaminated": contaminated,
        "contaminated_share": contaminated / exposed if exposed else None,
        "split_status": split.status,
        "split_chi_square": split.chi_square,
        "split_p_value": split.p_value,
        "split_compared_p_value": split.compared_p_value,
        "split_daily_p_value": split.daily_p_value,
        "is_split_sound": split.is_sound,
    }


def _stamped(tables: Mapping[str, Sequence[Row]], as_of: datetime) -> tuple[dict[str, list[Row]], str]:
    """Add `as_of` and `run_id`: twelve digits of a hash over everything written, so that equal input has an equal id."""
    ordered = {name: sorted(rows, key=lambda row, name=name: [str(row[part]) for part in KEYS[name]]) for name, rows in tables.items()}  # type: ignore[misc]
    content = json.dumps([as_of.isoformat(), ordered], default=str, sort_keys=True, allow_nan=False)
    run_id = hashlib.sha256(content.encode()).hexdigest()[:12]
    return {
        name: [{column: {**row, "as_of": as_of, "run_id": run_id}[column] for column in TABLES[name]} for row in rows]
        for name, rows in ordered.items()
    }, run_id
