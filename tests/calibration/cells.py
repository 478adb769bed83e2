"""One line of the calibration table: a method, a promise, a corner, and how often the promise was broken there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr
from scipy.stats import binom

STANDARD_ERRORS = 3.0
POWER_TOLERANCE = 0.02
WARNED_SHARE = 0.2  # of the results in a corner: the few that slip through are no sample of it

ERROR, POWER = "error", "power"


@dataclass(frozen=True)
class Cell:
    """How one promise held in one corner.

    Attributes:
        method: the estimator, as the table's section.
        promise: what is promised, such as `p < 5 %` or `absolute interval 95 %`.
        corner: the kind of data.
        nominal: the promised error rate (for power: the planned power).
        experiments: how many were simulated.
        shown: how many gave an estimate at all, with whatever status.
        counted: how many of these have no warning in their status: only they are judged.
        wrong: errors among `counted`.
        wrong_shown: errors among `shown`.
        kind: `error` (must not be above nominal) or `power` (must be near it).
    """

    method: str
    promise: str
    corner: str
    nominal: float
    experiments: int
    shown: int
    counted: int
    wrong: int
    wrong_shown: int
    kind: str = ERROR

    @property
    def rate(self) -> float:
        """Error rate among what is judged."""
        return self.wrong / self.counted if self.counted else 0.0

    @property
    def rate_shown(self) -> float:
        """Error rate among all estimates, warnings or not."""
        return self.wrong_shown / self.shown if self.shown else 0.0

    def allowed(self, cells: int) -> float:
        """The highest error rate that chance explains: three standard errors, corrected for the number of cells.

        The binomial quantile that one cell exceeds with probability Φ(−3) ÷ cells, so that all of them together raise a false alarm
        as rarely as a single one at three standard errors.
        """
        if not self.counted:
            return 1.0
        return float(binom.isf(ndtr(-STANDARD_ERRORS) / cells, self.counted, self.nominal)) / self.counted

    def outcome(self, cells: int) -> str:
        """`ok`, `conservative` (fewer errors than promised, beyond chance), `warned` (four in five results say so themselves), `FAILS`."""
        if self.kind == POWER:
            return "ok" if abs(self.rate - self.nominal) <= POWER_TOLERANCE else "FAILS"
        if self.counted <= WARNED_SHARE * self.shown:
            return "warned"
        if self.rate > self.allowed(cells):
            return "FAILS"
        least = float(binom.ppf(ndtr(-STANDARD_ERRORS) / cells, self.counted, self.nominal)) / self.counted
        return "conservative" if self.rate < least else "ok"


def cell(
    method: str,
    promise: str,
    corner: str,
    nominal: float,
    wrong: np.ndarray,
    *,
    status: np.ndarray | None = None,
    shown: np.ndarray | None = None,
    kind: str = ERROR,
) -> Cell:
    """A cell from one flag per experiment.

    Args:
        wrong: did the result break the promise? Shape (experiments,).
        status: the results' own status; only `ok` is judged. None: all are.
        shown: was there a result at all? None: where `status` is `ok` or a warning (see `has_estimate`).
    """
    counted = np.ones(wrong.shape, dtype=bool) if status is None else np.asarray(status == "ok", dtype=bool)
    visible = counted if shown is None else shown
    return Cell(
        method, promise, corner, nominal, wrong.size, int(visible.sum()), int(counted.sum()), int((wrong & counted).sum()),
        int((wrong & visible).sum()), kind,
    )


def percent(alpha: float) -> str:
    """0.05 → '5 %'."""
    return f"{100 * alpha:g} %"


def misses(low: np.ndarray, high: np.ndarray, truth: np.ndarray | float) -> np.ndarray:
    """Does the interval miss the truth? An interval that is not there misses nothing."""
    with np.errstate(invalid="ignore"):
        return (low > truth) | (high < truth)
