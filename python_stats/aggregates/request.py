"""What was asked of a file, what is answered, and the design that goes with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from python_stats.aggregates.table import Table
from python_stats.analysis import split_of
from python_stats.designs import Design, read_designs
from python_stats.errors import UserError
from python_stats.estimators.split import Split
from python_stats.verdicts import Verdict, decide

Row = dict[str, Any]

EXPERIMENT, OBSERVATIONAL = "experiment", "observational"
VARIANT_COLUMNS = ("variant_id", "variant", "group", "arm")
DAY_COLUMNS = ("day", "date", "Date")


@dataclass(frozen=True)
class Measure:
    """A metric of daily counts: numerator ÷ denominator, as a `share` or a `ratio`."""

    name: str
    kind: str
    numerator: str
    denominator: str


@dataclass(frozen=True)
class Request:
    """What was asked on the command line; see `empathy-roi compare --help`."""

    control: str | None = None
    experiment: str | None = None
    variant_column: str | None = None
    day_column: str | None = None
    measures: Sequence[Measure] = ()
    split_column: str | None = None
    expected_shares: Mapping[str, float] = field(default_factory=dict)
    primary: str | None = None
    guardrails: Sequence[str] = ()
    decrease: Sequence[str] = ()
    min_lift: float | None = None
    max_harm: float | None = None
    alpha: float = 0.05
    before_after: date | None = None
    window: str | None = None


@dataclass(frozen=True)
class Answer:
    """The read-out.

    Attributes:
        evidence: `experiment`, or `observational` for a comparison in time.
        results: rows as in `experiment_results`.
        split: the sample-ratio test; None for a comparison in time, and where no column counts persons.
        verdict: where thresholds were given; never for `observational`.
        notes: what a reader has to know about how it was reckoned.
    """

    evidence: str
    results: Sequence[Row]
    split: Split | None
    verdict: Verdict | None
    notes: Sequence[str]


def design_of(
    table: Table, request: Request, variants: Sequence[str], metrics: Sequence[str], window: str, has_past: bool, *, alone: bool = False
) -> Design:
    """A design as the request gives it: no plan, no looks, all metrics compared with the same control."""
    control = request.control or ("control" if "control" in variants else None)
    if len(variants) == 1 and alone:
        control = None
    elif control not in variants:
        named = f"no variant '{request.control}'" if request.control else "which variant is the control? Name it with --control"
        raise UserError(f"{table.name}: {named}; it has {', '.join(variants)}")
    elif len(variants) < 2:
        raise UserError(f"{table.name}: has one variant, '{control}'; a comparison needs two")
    for name in (*request.guardrails, *request.decrease, *((request.primary,) if request.primary else ())):
        if name not in metrics:
            raise UserError(f"{table.name}: no metric '{name}'; it has {', '.join(metrics)}")
    unknown = next((variant for variant in request.expected_shares if variant not in variants), None)
    if unknown is not None:
        raise UserError(f"--expected-share: no variant '{unknown}'; {table.name} has {', '.join(variants)}")
    if request.expected_shares and (len(request.expected_shares) < len(variants) or abs(sum(request.expected_shares.values()) - 1) > 1e-6):
        raise UserError("--expected-share: give one for every variant; they must add up to 1")
    primary = request.primary or next((name for name in metrics if name not in request.guardrails), metrics[0])
    if primary in request.guardrails:
        raise UserError(f"--guardrail {primary}: is the metric that decides; a guardrail is another one")
    start = date(2000, 1, 1)
    experiment = {
        **dict.fromkeys("feature_class owner_team hypothesis what_changes looks spending pain_point planned_sample_per_variant".split()),
        "experiment_id": "file",
        "experiment_name": table.name,
        "design": "ab",
        "monitoring": "fixed",
        "alpha": request.alpha,
        "power": 0.8,
        "declared_on": start,
        "started_on": start,
        "ended_on": start,
        "decision_window_days": None if window == "all" else int(window),
        "covariate_window_days": 28 if has_past else None,
        "correction": "holm",
    }
    arms = [
        {
            "experiment_id": "file",
            "variant_id": variant,
            "is_control": variant == control,
            "expected_share": request.expected_shares.get(variant, 1 / len(variants)),
            "factor_levels": None,
        }
        for variant in variants
    ]
    aims = [
        {
            "experiment_id": "file",
            "metric_id": name,
            "role": "primary" if name == primary else "guardrail" if name in request.guardrails else "secondary",
            "good_direction": "decrease" if name in request.decrease else "increase",
            "mde_relative": None,
            "min_lift_rollout": request.min_lift,
            "max_harm_rollback": request.max_harm,
        }
        for name in metrics
    ]
    return read_designs([experiment], arms, aims, [])[0]


def split_between(design: Design, persons: Mapping[str, int]) -> Split:
    """Sample-ratio test of the persons seen per variant."""
    return split_of(design, [{"variant_id": variant, "exposed": seen} for variant, seen in persons.items()])


def verdict_on(design: Design, request: Request, results: Sequence[Row], split: Split | None) -> Verdict | None:
    """The verdict by the thresholds that were asked for; None where none were. A split that was not checked bars nothing.

    Raises:
        UserError: where only one of the two was.
    """
    if request.min_lift is None and request.max_harm is None:
        return None
    if request.min_lift is None or request.max_harm is None:
        raise UserError("a verdict needs both --min-lift and --max-harm")
    return decide(design, results, split or Split(None, None, None, True, "not_checked"), datetime(2100, 1, 1))
