"""Verdicts through the whole path, from rows of the marts to the word: how often is each of them wrong?

| verdict | wrong where | at most |
|---|---|---|
| ship | nothing changed | alpha / 2, shared by all variants |
| ship, lift established | the lift is exactly what was asked for (no more) | alpha / 2 |
| ship, better and safe; guardrail non-inferior | a guardrail's harm is exactly the limit | alpha / 2 |
| roll back for the primary, for a guardrail | nothing changed, and no harm is allowed (the hardest limit) | alpha / 2 each |
| roll back before the horizon | the same | 0.001 / 2 each |
| stop, lift out of reach | the lift is exactly what was asked for | alpha / 2 |
| invalid | the split is sound | 0.001 |
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import numpy as np

from calibration.cells import Cell, cell, percent
from python_stats.analysis import Options, analyze
from python_stats.designs import Design, Objective, Variant
from python_stats.estimators.split import Split, sample_ratio
from python_stats.verdicts import Verdict, decide

AFTER = datetime(2026, 5, 5)
BATCH = 2000
SOUND = Split(0.0, 1, 1.0, True, "ok")
ALPHA = 0.05


def design(**more: Any) -> Design:
    """A closed A/B of conversion with refunds as its guardrail."""
    return Design(
        **{
            **dict.fromkeys(("experiment_name", "feature_class", "owner_team", "hypothesis"), "e"),
            **dict.fromkeys(("spending", "pain_point"), None),
            "experiment_id": "e", "what_changes": "copy", "design": "ab", "monitoring": "fixed", "looks": 1, "alpha": ALPHA, "power": 0.8,
            "declared_on": date(2026, 1, 1), "started_on": date(2026, 1, 1), "ended_on": date(2026, 2, 1), "decision_window_days": None,
            "planned_sample_per_variant": 1000, "correction": "holm",
            "variants": (Variant("old", True, 0.5, {}), Variant("new", False, 0.5, {})), "objectives": aims(),
            **more,
        }
    )


def aims(lift: float = 0.1, harm: float = 0.0, guardrail_harm: float = 0.0) -> tuple[Objective, ...]:
    return (
        Objective("conversion", "primary", "increase", 0.1, lift, harm),
        Objective("refund_rate", "guardrail", "decrease", 0.1, 0.05, guardrail_harm),
    )


def share_cell(experiment: str, variant: str, metric: str, persons: int, successes: float) -> dict[str, Any]:
    """A row of experiment_metric_stats, as the marts make it for a share."""
    pivot = 0.1
    row = dict.fromkeys("sum_d sum_dd sum_yd pivot_d denominator".split())
    return row | {
        "experiment_id": experiment, "variant_id": variant, "metric_id": metric, "metric_window": "all", "segment": "all",
        "metric_kind": "share", "persons": persons, "numerator": successes, "pivot_y": pivot,
        "sum_y": successes - persons * pivot, "sum_yy": successes * (1 - 2 * pivot) + persons * pivot**2,
    }


def mean_cell(experiment: str, variant: str, metric: str, persons: int, total: float, squares: float, cubes: float) -> dict[str, Any]:
    """The same for a mean, from sums of what a person's value is above 1."""
    row = dict.fromkeys("sum_d sum_dd sum_yd pivot_d denominator".split())
    return row | {
        "experiment_id": experiment, "variant_id": variant, "metric_id": metric, "metric_window": "all", "segment": "all",
        "metric_kind": "mean", "persons": persons, "numerator": total + persons, "pivot_y": 1.0,
        "sum_y": total, "sum_yy": squares, "skew_unit": 1.0, "sum_cubes": cubes,
    }


def decided(plan: Design, persons: int, draws: dict[str, np.ndarray], splits: Sequence[Split] | None = None) -> list[Verdict]:
    """One verdict per experiment.

    Args:
        draws: per metric, successes of shape (experiments, variants), the control first.
    """
    arms = [plan.control, *plan.treatments]
    count = next(iter(draws.values())).shape[0]
    verdicts: list[Verdict] = []
    for start in range(0, count, BATCH):
        batch = range(start, min(start + BATCH, count))
        plans = [replace(plan, experiment_id=f"{index:06d}") for index in batch]
        stats = [
            share_cell(one.experiment_id, arm.variant_id, metric, persons, float(successes[index, position]))
            for one, index in zip(plans, batch, strict=True)
            for metric, successes in draws.items()
            for position, arm in enumerate(arms)
            if arm is not None
        ]
        rows: dict[str, list[dict[str, Any]]] = {one.experiment_id: [] for one in plans}
        for row in analyze(plans, stats, [], Options()):
            rows[row["experiment_id"]].append(row)
        verdicts += [
            decide(one, rows[one.experiment_id], SOUND if splits is None else splits[index], AFTER)
            for one, index in zip(plans, batch, strict=True)
        ]
    return verdicts


def _cell(promise: str, corner: str, nominal: float, found: Sequence[Verdict], is_wrong: Callable[[Verdict], bool]) -> Cell:
    return cell("Verdicts", f"{promise}, {percent(nominal)}", corner, nominal, np.array([is_wrong(verdict) for verdict in found]))


def fixed_horizon(rng: np.random.Generator, experiments: int) -> Iterator[Cell]:
    """One look at the end, or before it."""
    for n, share, guard in ((400, 0.3, 0.2), (10_000, 0.1, 0.05), (200_000, 0.001, 0.002)):
        def draw(primary: Sequence[float], guardrail: Sequence[float], n: int = n) -> dict[str, np.ndarray]:
            return {
                metric: np.stack([rng.binomial(n, p, experiments) for p in chances], axis=1).astype(float)
                for metric, chances in (("conversion", primary), ("refund_rate", guardrail))
            }

        corner = f"share {100 * share:g} %, guardrail {100 * guard:g} %, n {n}"
        null = draw((share, share), (guard, guard))
        easy = decided(design(objectives=aims(0.0, 0.0, 10.0)), n, null)
        yield _cell("ship without an effect, no lift asked for", corner, ALPHA / 2, easy, lambda v: v.verdict == "ship")
        strict = decided(design(), n, null)
        yield _cell("ship without an effect, a tenth asked for", corner, ALPHA / 2, strict, lambda v: v.verdict == "ship")
        yield _cell("roll back for the primary, no harm", corner, ALPHA / 2, strict, lambda v: v.reason == "primary_harm")
        yield _cell("roll back for the guardrail, no harm", corner, ALPHA / 2, strict, lambda v: "harmed" in v.guardrails)
        early = decided(design(ended_on=None, planned_sample_per_variant=10 * n), n, null)
        yield _cell("roll back or ship before the horizon, no effect", corner, 0.001, early, lambda v: v.verdict in ("roll_back", "ship"))
        lifted = decided(design(objectives=aims(0.1, 0.0, 10.0)), n, draw((share, 1.1 * share), (guard, guard)))
        yield _cell("lift established, exactly that lift", corner, ALPHA / 2, lifted, lambda v: v.reason == "lift_established")
        yield _cell("lift out of reach, exactly that lift", corner, ALPHA / 2, lifted, lambda v: v.reason == "lift_excluded")
        harmful = decided(design(objectives=aims(0.15, 0.0, 0.2)), n, draw((share, 1.15 * share), (guard, 1.2 * guard)))
        yield _cell("guardrail non-inferior, harm at its limit", corner, ALPHA / 2, harmful, lambda v: "non_inferior" in v.guardrails)
        yield _cell("better and safe, guardrail harmed", corner, ALPHA / 2, harmful, lambda v: v.reason == "better_and_safe")


def several_variants(rng: np.random.Generator, experiments: int) -> Iterator[Cell]:
    """Two and four treatments against one control."""
    for treatments in (2, 4):
        arms = (Variant("old", True, 1 / (treatments + 1), {}), *(Variant(f"v{i}", False, 1 / (treatments + 1), {}) for i in range(treatments)))
        draws = {
            metric: rng.binomial(5000, share, (experiments, treatments + 1)).astype(float)
            for metric, share in (("conversion", 0.1), ("refund_rate", 0.05))
        }
        found = decided(design(variants=arms, design="multivariate", objectives=aims(0.0, 0.0, 10.0)), 5000, draws)
        corner = f"{treatments} treatments, share 10 %, n 5000"
        yield _cell("ship without an effect, no lift asked for", corner, ALPHA / 2, found, lambda v: v.verdict == "ship")
        yield _cell("roll back, no harm", corner, ALPHA / 2, found, lambda v: v.verdict == "roll_back")


def invalid(rng: np.random.Generator, experiments: int) -> Iterator[Cell]:
    """Sound splits with arms drawn at their declared shares."""
    shares = np.array([0.5, 0.5])
    splits = [sample_ratio(row.astype(float), shares) for row in rng.multinomial(20_000, shares, experiments)]
    draws = {metric: rng.binomial(10_000, share, (experiments, 2)).astype(float) for metric, share in (("conversion", 0.1), ("refund_rate", 0.05))}
    found = decided(design(), 10_000, draws, splits)
    yield _cell("invalid, though the split is sound", "n 10000", 0.001, found, lambda v: v.verdict == "invalid")
