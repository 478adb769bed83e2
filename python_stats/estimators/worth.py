"""What an effect is worth, as a distribution: effect × scale × value of a unit.

Two sources of uncertainty, taken as independent: the effect, with Student's t (or the normal) around its estimate, scaled by its
standard error, as in its own interval, and widened where that is at a stricter level; and the value of a unit, whose low and high are
read as the ends of the 1 − alpha interval of a split normal (its two halves have their own spread; Wallis 2014, "The two-piece
normal"), cut off at 0. The distribution of the product is P(E·V ≤ x) = ∫ P(E ≤ x/v) dF(v), worked out on a fixed grid of quantiles of
V: no random numbers, the same result each time. Where the value is certain its interval is the effect's own, scaled; elsewhere it is
never narrower than that.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from python_stats.estimators.comparison import critical_value, two_sided_p
from python_stats.estimators.status import Floats

VALUE_GRID = 400


@dataclass(frozen=True)
class Worth:
    """Distribution of a gross gain a month: effect × scale × value.

    Attributes:
        effect, standard_error, df: of the effect, good positive; df is `inf` for a normal.
        scale: units a month × qualified share, 0 or more.
        values: equally likely values of a unit, shape (grid,); one element where the value is certain.
        middle: the value that was named.
        widening: by how much the effect's interval is wider than its own at 1 − alpha: 1 or more, see `widening`.
    """

    effect: float
    standard_error: float
    df: float
    scale: float
    values: Floats
    middle: float = 0.0
    widening: float = 1.0

    @property
    def spread(self) -> float:
        """The widened standard error."""
        return self.standard_error * self.widening

    def probability_above(self, amount: float) -> float:
        """P(effect × scale × value > amount)."""
        factors = self.scale * self.values
        known = factors > 0
        certain = float(np.mean(~known)) * (1.0 if amount < 0 else 0.0)
        if not known.any():
            return certain
        needed = amount / factors[known]
        if self.standard_error == 0:
            return certain + float(np.mean(known)) * float(np.mean(self.effect > needed))
        statistic = (self.effect - needed) / self.spread
        half = two_sided_p(statistic, np.full(statistic.shape, self.df)) / 2
        upper = np.where(statistic >= 0, 1 - half, half)
        return certain + float(np.sum(upper)) / self.values.size

    def quantile(self, probability: float) -> float:
        """The amount that is not exceeded with this probability."""
        if self.values.size == 1:
            tail = critical_value(np.array([2 * min(probability, 1 - probability)]), np.array([self.df]))[0]
            reach = self.spread * tail * (1 if probability >= 0.5 else -1)
            return float((self.effect + reach) * self.scale * self.values[0])
        if self.standard_error == 0:
            # Of a certain loss, the larger the value the lower the amount.
            rank = probability if self.effect >= 0 else 1 - probability
            return float(self.effect * self.scale * np.quantile(self.values, rank, method="hazen"))
        spread = (abs(self.effect) + 40 * self.spread) * self.scale * float(self.values.max())
        low, high = -spread - 1e-9, spread + 1e-9
        for _ in range(200):
            middle = (low + high) / 2
            if 1 - self.probability_above(middle) < probability:
                low = middle
            else:
                high = middle
            if high - low <= 1e-9 * max(1.0, spread):
                break
        return (low + high) / 2

    def interval(self, alpha: float) -> tuple[float, float]:
        """Its quantiles at 1 − alpha, never narrower than the effect's interval at the middle value."""
        reach = self.spread * float(critical_value(np.array([alpha]), np.array([self.df]))[0])
        low, high = ((self.effect + end) * self.scale * self.middle for end in (-reach, reach))
        return min(self.quantile(alpha / 2), low), max(self.quantile(1 - alpha / 2), high)


def widening(nominal_alpha: float, alpha: float, df: float) -> float:
    """How much wider an effect's interval is at 1 − `nominal_alpha` than at 1 − `alpha`; 1 where it is no wider."""
    nominal, declared = critical_value(np.array([nominal_alpha, alpha]), np.array([df, df]))
    return max(1.0, float(nominal / declared))


def unit_values(value: float, low: float | None, high: float | None, alpha: float) -> Floats:
    """Equally likely values of a unit: quantiles of a split normal whose 1 − alpha interval is low … high, cut off at 0.

    One certain value where neither bound is given, or both equal it.
    """
    from scipy.special import ndtri

    bottom, top = (value if low is None else min(low, value)), (value if high is None else max(high, value))
    if bottom == top:
        return np.array([value])
    z = ndtri((np.arange(VALUE_GRID) + 0.5) / VALUE_GRID)
    spread = np.where(z < 0, value - bottom, top - value) / -ndtri(alpha / 2)
    return np.maximum(value + z * spread, 0.0)


@dataclass(frozen=True)
class Spread:
    """A sum with a half-width on either side, at 1 − alpha: what is known of parts whose common interval is not their own.

    Attributes:
        centre: the sum.
        down, up: half-widths, 0 or more.
        alpha: two-sided, of the half-widths.
        df: degrees of freedom of the effect in it; `inf` for a normal.
    """

    centre: float
    down: float
    up: float
    alpha: float
    df: float

    def probability_above(self, amount: float) -> float:
        """P(sum > amount), by Student's t on the side on which the amount lies."""
        reach = self.down if amount < self.centre else self.up
        if amount == self.centre:
            return 0.5
        if reach == 0:
            return float(amount < self.centre)
        critical = critical_value(np.array([self.alpha]), np.array([self.df]))[0]
        half = float(two_sided_p(np.array([(self.centre - amount) / reach * critical]), np.array([self.df]))[0]) / 2
        return 1 - half if amount < self.centre else half


def correlated_sum(worths: Sequence[Worth], standard_error: float, df: float, alpha: float) -> Spread:
    """The sum of gains of the same people, when the standard error of their sum is known.

    Args:
        worths: the parts.
        standard_error, df: of the sum of effect × scale × middle value, correlations included.
        alpha: two-sided.

    Uncertainty of the effects and of the values add in squares, on either side (MOVER: Zou & Donner 2008); values of several parts are
    taken to be wrong together, so their half-widths just add up.
    """
    centre = sum(worth.effect * worth.scale * worth.middle for worth in worths)
    reach = float(critical_value(np.array([alpha]), np.array([df]))[0]) * standard_error
    down = up = 0.0
    for worth in worths:
        low, high = (
            float(np.quantile(worth.values, tail)) if worth.values.size > 1 else worth.middle for tail in (alpha / 2, 1 - alpha / 2)
        )
        parts = worth.effect * worth.scale * (low - worth.middle), worth.effect * worth.scale * (high - worth.middle)
        down, up = down - min(*parts, 0.0), up + max(*parts, 0.0)
    return Spread(centre, float(np.hypot(reach, down)), float(np.hypot(reach, up)), alpha, df)


def quantile(worths: Sequence[Worth], probability: float) -> float:
    """Quantile of a sum whose parts move together: the sum of their quantiles, the widest there is."""
    return sum(worth.quantile(probability) for worth in worths)


def interval(worths: Sequence[Worth], alpha: float) -> tuple[float, float]:
    """Interval of a sum whose parts move together: the sum of theirs, the widest there is."""
    ends = [worth.interval(alpha) for worth in worths]
    return sum(low for low, _ in ends), sum(high for _, high in ends)


def cautious_probability_above(worths: Sequence[Worth], amount: float) -> float:
    """P(sum > amount), the smaller of the two with and without widening: a wider spread moves what is unlikely towards one half, too."""
    return min(probability_above(parts, amount) for parts in (worths, [replace(worth, widening=1.0) for worth in worths]))


def probability_above(worths: Sequence[Worth], amount: float) -> float:
    """P(sum > amount) where the parts move together; for one part exactly its own."""
    if len(worths) == 1:
        return worths[0].probability_above(amount)
    low, high = 1e-9, 1 - 1e-9
    if quantile(worths, low) > amount:
        return 1.0
    if quantile(worths, high) <= amount:
        return 0.0
    for _ in range(40):
        middle = (low + high) / 2
        if quantile(worths, middle) > amount:
            high = middle
        else:
            low = middle
    return 1 - (low + high) / 2
