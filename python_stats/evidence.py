"""What one row of `experiment_results` establishes against its thresholds, turned so that good is positive."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from python_stats.designs import Objective
from python_stats.estimators.comparison import critical_value, two_sided_p
from python_stats.estimators.contrast import Contrast, side_of, statistic_at
from python_stats.estimators.shares import rate_ratio_tails
from python_stats.estimators.status import OK, TOO_FEW_EVENTS, UNBOUNDED

Row = Mapping[str, Any]

NON_INFERIOR, HARMED, OPEN, NOT_ASSESSED = "non_inferior", "harmed", "open", "not_assessed"


@dataclass(frozen=True)
class Evidence:
    """One comparison, what it is to the experiment, and the quantile at which it is read."""

    row: Row
    objective: Objective
    critical: float

    @property
    def is_known(self) -> bool:
        """Is there an estimate that may be relied on?"""
        return bool(self.row["status"] == OK)

    def side_of(self, threshold: float) -> int:
        """+1 where the effect is established to be better than `threshold` (relative, good positive), −1 worse, 0 open.

        Better than a lift, or worse than a harm, only where "no effect" is excluded on that side as well: with a control near 0 the
        relative effects that fit the data are no interval, and may leave out a lift of 50 % but not 0.
        """
        if not self.is_known:
            return 0
        found, about_zero = self._side_of(threshold), self._side_of(0.0)
        return found if found * threshold <= 0 or found == about_zero else 0

    def _side_of(self, threshold: float) -> int:
        sign = self.objective.sign
        found = int(side_of(contrast_of(self.row), _one(sign * threshold), _one(self.critical))[0])
        if threshold and self.row["relative_status"] == TOO_FEW_EVENTS and found != self._exact_side_of(sign * threshold):
            return 0
        return sign * found

    def _exact_side_of(self, relative: float) -> int:
        level = float(two_sided_p(_one(self.critical), _one(degrees_of_freedom(self.row)))[0]) / 2
        below, above = self._exact_tails(relative)
        return -1 if below <= level else 1 if above <= level else 0

    def _exact_tails(self, relative: float) -> tuple[float, float]:
        """Shares with few events: p-values of a relative change (as it is, not turned) of at least, and of at most, `relative`."""
        n_control, n_variant = float(self.row["n_control"]), float(self.row["n_variant"])
        happened = self.row["control_value"] * n_control, plain_value(self.row) * n_variant
        return rate_ratio_tails(happened[0], n_control, happened[1], n_variant, 1 + relative)

    @property
    def lift(self) -> float | None:
        """Relative estimate, good positive; None where unknown or unbounded."""
        if self.row["relative_effect"] is None:
            return None
        return float(self.objective.sign * self.row["relative_effect"])

    @property
    def is_harm(self) -> bool:
        """Established below 0, and the estimate at or beyond what was allowed (or, where the
        control is too near 0 for a relative estimate: established beyond it)."""
        if self.side_of(0.0) >= 0:
            return False
        if self.lift is None:
            return self.row["relative_status"] in (UNBOUNDED, TOO_FEW_EVENTS) and self.side_of(-self.objective.max_harm_rollback) < 0
        return self.lift <= -self.objective.max_harm_rollback

    @property
    def guardrail_state(self) -> str:
        """`harmed`, `non_inferior` (harm of `max_harm_rollback` is excluded), `open`, or `not_assessed`."""
        if not self.is_known:
            return NOT_ASSESSED
        if self.is_harm:
            return HARMED
        return NON_INFERIOR if self.side_of(-self.objective.max_harm_rollback) > 0 else OPEN

    @property
    def non_inferiority_p(self) -> float | None:
        """One-sided p-value of "harm of `max_harm_rollback` or more"; `non_inferior` is where it lies below alpha / 2."""
        if not self.is_known:
            return None
        sign = self.objective.sign
        limit = -sign * self.objective.max_harm_rollback
        statistic = sign * statistic_at(contrast_of(self.row), _one(limit))
        half = float(two_sided_p(statistic, _one(degrees_of_freedom(self.row)))[0]) / 2
        found = half if statistic[0] >= 0 else 1 - half
        if self.row["relative_status"] != TOO_FEW_EVENTS:
            return found
        harm_is_less, harm_is_more = self._exact_tails(limit)
        return max(found, harm_is_more if sign > 0 else harm_is_less)


def evidence(row: Row, objective: Objective, alpha: float | None = None) -> Evidence:
    """Read a row at `alpha` (two-sided); at the level of its own intervals where none is given."""
    quantile = critical_value(_one(row["nominal_alpha"] if alpha is None else alpha), _one(degrees_of_freedom(row)))
    return Evidence(row, objective, float(quantile[0]))


def contrast_of(*rows: Row) -> Contrast:
    """The contrast that rows with the status `ok` were made from."""
    effect, control, error, slope, rest = (
        np.array([row[name] for row in rows], dtype=float) for name in ("effect", "control_value", "control_se", "control_slope", "rest_se")
    )
    return Contrast(effect, control, error**2, slope, rest**2)


def plain_value(row: Row) -> float:
    """The variant's own value: an adjusted share times its persons is no count."""
    return float(row["variant_value"] if row["unadjusted_variant_value"] is None else row["unadjusted_variant_value"])


def degrees_of_freedom(row: Row) -> float:
    """Of Student's t; infinite where the row has none, which means the normal."""
    return float("inf") if row["df"] is None else float(row["df"])


def _one(value: float) -> np.ndarray:
    return np.array([value], dtype=float)
