"""What of the shipped gains is to be expected, once it is allowed for that they were chosen for being good (`estimators.selection`).

Selection acts on the primary metric. So that metric says how much of a gain is kept: of all variants of finished experiments, shipped
or not, the effects in their standard errors are drawn together, and each shipped gain is cut in the proportion in which the effect of
its primary metric is. A loss is kept as it is. Half-widths become narrower as the spread of those effects does.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from python_stats.designs import Design
from python_stats.estimators.selection import FEWEST, shrink
from python_stats.estimators.status import OK
from python_stats.verdicts import INVALID, KEEP_RUNNING, Verdict

Row = Mapping[str, Any]
Variant = tuple[str, str]  # experiment_id, variant_id

MONTHS = 12
TOO_FEW_EXPERIMENTS = "too_few_experiments"
NO_PRIMARY_EFFECT = "no_primary_effect"
NOTHING_TO_ADD = "nothing_to_add"

EXPECTED = (
    "expected_status expected_from expected_annual expected_annual_low expected_annual_high "
    "expected_first_year expected_first_year_low expected_first_year_high"
).split()


def finished_effects(designs: Iterable[Design], verdicts: Mapping[str, Verdict], results: Iterable[Row]) -> dict[Variant, float]:
    """Effect ÷ standard error of the primary metric, good is positive, of each variant of the experiments that are decided and sound."""
    signs = {
        (design.experiment_id, design.primary.metric_id): design.primary.sign
        for design in designs
        if design.primary is not None and verdicts[design.experiment_id].verdict not in (INVALID, KEEP_RUNNING)
    }
    found = {}
    for row in results:
        sign = signs.get((row["experiment_id"], row["metric_id"]))
        if sign is not None and row["is_decision"] and row["status"] == OK and row["standard_error"] > 0:
            found[row["experiment_id"], row["variant_id"]] = sign * row["effect"] / row["standard_error"]
    return found


def expected(portfolio: Row, totals: Sequence[Row], effects: Mapping[Variant, float]) -> dict[str, Any]:
    """The columns `EXPECTED` of the portfolio's row.

    Args:
        portfolio: the sum of the shipped experiments, as measured.
        totals: their rows, each with an amount a year.
        effects: see `finished_effects`.
    """
    row: dict[str, Any] = {**dict.fromkeys(EXPECTED), "expected_from": len(effects)}
    gains = [total for total in totals if total["impact_per_month"] is not None]
    keys = [(total["experiment_id"], total["variant_id"]) for total in gains]
    if not gains:
        return {**row, "expected_status": NOTHING_TO_ADD}
    if len(effects) < FEWEST:
        return {**row, "expected_status": TOO_FEW_EXPERIMENTS}
    if any(key not in effects for key in keys):
        return {**row, "expected_status": NO_PRIMARY_EFFECT}
    place = [list(effects).index(key) for key in keys]
    z = np.array(list(effects.values()))
    drawn = shrink(z)
    kept = [_kept(drawn.expected[at], z[at]) for at in place]
    lost = sum(max(total["gross_per_month"], 0.0) * (1 - share) for total, share in zip(gains, kept, strict=True))
    for name in ("annual", "first_year"):
        centre = portfolio[name] - MONTHS * lost
        row["expected_" + name] = round(centre, 2)
        for side, sign in (("_low", -1), ("_high", 1)):
            weights = np.zeros(z.size)
            weights[place] = [sign * (total["annual" + side] - total["annual"]) for total in gains]
            once = [] if name == "annual" else [_once(total, side) for total in totals]
            row["expected_" + name + side] = round(centre + sign * math.hypot(drawn.standard_error(weights), *once), 2)
    return {**row, "expected_status": OK}


def _kept(expected_effect: float, z: float) -> float:
    """The share of a gain that is kept: what is expected of an effect, of what was measured; never more than all of it."""
    return min(max(expected_effect / z, 0.0), 1.0) if z > 0 else 1.0


def _once(total: Row, side: str) -> float:
    """Half-width of what comes once: the first year's, beyond that of twelve months."""
    monthly = 0.0 if total["annual"] is None else total["annual" + side] - total["annual"]
    return float(total["first_year" + side] - total["first_year"] - monthly)
