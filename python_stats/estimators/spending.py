"""May I look early? Boundaries that spend a two-sided error rate over the looks at an experiment.

At information fractions t₁ < t₂ < … (1 is the planned end) the statistics Z_k are jointly normal with Cov(Z_j, Z_k) = √(t_j/t_k): the
score process S(t) = √t·Z has independent increments N(θ·Δt, Δt). A look that has used up a(t_k) of the error rate has the boundary
b_k for which P(|Z_j| < b_j for j < k, |Z_k| ≥ b_k) = a(t_k) − a(t_{k−1}) under θ = 0. The looks may be any, and need not be planned;
only their information counts (Lan & DeMets 1983, "Discrete sequential boundaries for clinical trials").

The probabilities come from the recursion of Armitage, McPherson & Rowe (1969), § 3 (Jennison & Turnbull 2000, "Group sequential
methods", ch. 19), with Gauss–Legendre nodes between the boundaries, as many as the smallest step needs: boundaries are good to 1e-9.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from python_stats.estimators.status import Floats

OBRIEN_FLEMING, POCOCK = "obrien_fleming", "pocock"
SPENDING = (OBRIEN_FLEMING, POCOCK)

_FAR = 9.0  # standard deviations: beyond lie 2e-19
LEAST = 1e-17  # an error rate below this is not spent: its boundary is infinite
_NODES_PER_STEP, _LEAST_NODES, _MOST_NODES = 2.5, 24, 1500
_LEAST_STEP = 5e-5  # a look that adds less information counts as this much: no more nodes are then needed


@dataclass(frozen=True)
class Boundaries:
    """What a look's |Z| has to reach, one element per look.

    Attributes:
        fractions: information as a share of what was planned, ascending.
        z: boundary of |Z|; infinite where a look has nothing to spend.
        nominal: the two-sided p-value that goes with `z`, 2Φ(−z). An ordinary 1 − nominal interval is the repeated confidence
            interval of the look (Jennison & Turnbull 1989): all looks' intervals hold together with 1 − alpha.
        spent: error rate used up to and with each look.
    """

    fractions: Floats
    z: Floats
    nominal: Floats
    spent: Floats


def spent(fraction: Floats, alpha: float, spending: str = OBRIEN_FLEMING) -> Floats:
    """Error rate used up at each information fraction, both sides together; `alpha` from 1 on.

    `obrien_fleming`: 4 (1 − Φ(z_{1−α/4} / √t)), that is two one-sided spendings of α/2; `pocock`: α ln(1 + (e − 1) t) (Lan & DeMets
    1983, eq. 3 and 4).

    Raises:
        ValueError: for another `spending`.
    """
    from scipy.special import ndtr, ndtri

    fraction = np.clip(np.asarray(fraction, dtype=float), 0.0, 1.0)
    if spending == OBRIEN_FLEMING:
        with np.errstate(divide="ignore"):
            return np.asarray(np.minimum(4 * ndtr(ndtri(alpha / 4) / np.sqrt(fraction)), alpha))
    if spending == POCOCK:
        return np.asarray(alpha * np.log1p((np.e - 1) * fraction))
    raise ValueError(f"spending is '{spending}'; known are {', '.join(SPENDING)}")


def boundaries(fractions: Floats, alpha: float, spending: str = OBRIEN_FLEMING, *, is_last: bool = False) -> Boundaries:
    """Two-sided symmetric boundaries at the looks taken.

    Args:
        fractions: information at each look, never falling, as a share of the planned; shape (looks,). Skipped and extra looks are
            just looks; 1 and more is the end, where all that is left is spent, at the information really there.
        alpha: two-sided error rate of all looks together.
        spending: `obrien_fleming` or `pocock`.
        is_last: no look follows the last one, though it fell short of 1: it spends all that is left.

    Raises:
        ValueError: where fractions fall, or do not start above 0.
    """
    return boundaries_of(fractions, _spent_at(fractions, alpha, spending, is_last))


def boundaries_of(fractions: Floats, cumulative: Floats) -> Boundaries:
    """The same for any spending: `cumulative` is the error rate used up at each look, shape (looks,), never falling."""
    from scipy.special import ndtr

    fractions, cumulative = _checked(fractions), np.asarray(cumulative, dtype=float)
    z, used, done = np.full(fractions.shape, np.inf), np.zeros(fractions.shape), 0.0
    state = _State(fractions)
    for look in range(fractions.size):
        due = float(cumulative[look]) - done
        if due > LEAST:
            z[look] = state.boundary_for(look, due)
            done = float(cumulative[look])
        used[look] = done
        state.pass_on(look, z[look])
    return Boundaries(fractions, z, 2 * ndtr(-z), used)


def crossing_probabilities(fractions: Floats, z: Floats, drift: float = 0.0) -> tuple[Floats, Floats]:
    """P(first crossing at each look), above and below; shape (looks,) each. Their sum at drift 0 is the error rate, at the planned
    drift the power.

    Args:
        fractions: as for `boundaries`.
        z: boundaries of |Z|, shape (looks,).
        drift: θ, the mean of Z at information 1: effect ÷ its standard error at the planned sample.
    """
    fractions, z = _checked(fractions), np.asarray(z, dtype=float)
    above, below = np.zeros(fractions.shape), np.zeros(fractions.shape)
    state = _State(fractions, drift)
    for look in range(fractions.size):
        above[look], below[look] = state.exits(look, z[look])
        state.pass_on(look, z[look])
    return above, below


def required_drift(fractions: Floats, z: Floats, power: float) -> float:
    """The drift at which the upper boundaries are crossed with probability `power`.

    (drift / (z_{1−α/2} + z_{power}))² is by how much the sample of a fixed test must grow (Jennison & Turnbull 2000, table 2.2).
    """
    low, high = 0.0, 1.0
    while crossing_probabilities(fractions, z, high)[0].sum() < power:
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        if crossing_probabilities(fractions, z, middle)[0].sum() < power:
            low = middle
        else:
            high = middle
        if high - low < 1e-10:
            break
    return (low + high) / 2


def repeated_p_value(statistic: float, fractions: Floats, alpha: float, spending: str = OBRIEN_FLEMING, *, is_last: bool = False) -> float:
    """Repeated p-value of the last look: the least error rate whose boundaries this |Z| reaches (Jennison & Turnbull 2000, § 9.5).

    It is at most `alpha` exactly where |Z| reaches the boundary of `alpha` (the search starts from there).

    Args:
        statistic: Z of the last look.
        fractions, alpha, spending, is_last: as for `boundaries`.
    """
    from scipy.special import ndtr, ndtri

    size = abs(statistic)

    def excess(deviate: float) -> float:
        edge = boundaries(fractions, 2 * float(ndtr(-deviate)), spending, is_last=is_last).z[-1]
        return size - min(float(edge), 40.0)

    # searched by the normal deviate of the level, in which boundaries are almost straight lines;
    # no level below the nominal p-value has a boundary that is reached, and p ≤ alpha has to be told exactly
    least, planned = (-float(ndtri(level / 2)) for level in (max(2 * float(ndtr(-size)), 1e-300), alpha))
    is_reached = size >= float(boundaries(fractions, alpha, spending, is_last=is_last).z[-1])
    low, high = (planned, least) if is_reached else (0.0, planned)
    if not is_reached and excess(low) < 0:
        return 1.0
    found = 2 * float(ndtr(-_falling_root(excess, low, max(low, high))))
    return min(found, alpha) if is_reached else max(found, float(np.nextafter(alpha, 1)))


def _falling_root(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a falling function crosses 0, to 1e-8: false position (Illinois), with a bisection where that is slow."""
    at_low, at_high, side = function(low), function(high), 0
    if at_low <= 0:
        return low
    if at_high >= 0:
        return high
    for turn in range(100):
        if high - low < 1e-8:
            break
        middle = (low + high) / 2 if turn % 6 == 5 else low + (high - low) * at_low / (at_low - at_high)
        value = function(middle)
        if abs(value) < 1e-9:
            return middle
        if value > 0:
            low, at_low, at_high, side = middle, value, at_high / 2 if side > 0 else at_high, 1
        else:
            high, at_high, at_low, side = middle, value, at_low / 2 if side < 0 else at_low, -1
    return high


def _spent_at(fractions: Floats, alpha: float, spending: str, is_last: bool) -> Floats:
    used = spent(fractions, alpha, spending)
    if is_last and used.size:
        used[-1] = alpha
    return used


def _checked(fractions: Floats) -> Floats:
    fractions = np.asarray(fractions, dtype=float)
    if fractions.ndim != 1 or not np.all(np.isfinite(fractions)) or np.any(np.diff(fractions) < 0) or np.any(fractions <= 0):
        raise ValueError("information fractions must start above 0 and never fall")
    return np.cumsum(np.maximum(np.diff(fractions, prepend=0.0), _LEAST_STEP))


class _State:
    """Where the score process can be after each look, given that it has not crossed: nodes, and their weight times its density."""

    def __init__(self, fractions: Floats, drift: float = 0.0) -> None:
        self._times = fractions
        self._steps = np.diff(fractions, prepend=0.0)
        self._drift = drift
        self._nodes, self._mass = np.zeros(1), np.ones(1)

    def exits(self, look: int, z: float) -> tuple[float, float]:
        """P(not crossed before, |Z| ≥ z now): above, and below."""
        from scipy.special import ndtr

        edge, sigma = z * np.sqrt(self._times[look]), np.sqrt(self._steps[look])
        centre = self._nodes + self._drift * self._steps[look]
        above, below = ndtr((centre - edge) / sigma), ndtr((-edge - centre) / sigma)
        return float(self._mass @ above), float(self._mass @ below)

    def boundary_for(self, look: int, due: float) -> float:
        """The z at which `exits` sum up to `due`: Newton on the logarithm, kept inside a bracket."""
        from scipy.special import ndtri

        root, sigma = np.sqrt(self._times[look]), np.sqrt(self._steps[look])
        low, high = 0.0, 40.0
        z = float(-ndtri(min(due, 1.0) / 2))
        for _ in range(200):
            found = sum(self.exits(look, z))
            low, high = (z, high) if found > due else (low, z)
            gaps = (z * root - self._nodes) / sigma, (z * root + self._nodes) / sigma
            slope = root / sigma * float(self._mass @ (np.exp(-(gaps[0] ** 2) / 2) + np.exp(-(gaps[1] ** 2) / 2))) / np.sqrt(2 * np.pi)
            step = (np.log(found) - np.log(due)) * found / slope if found > 0 and slope > 0 else np.inf
            following = z + step
            if not low <= following <= high:
                following = (low + high) / 2
            if abs(following - z) <= 1e-12 * max(z, 1e-3) or high - low < 1e-13:
                return float(following)
            z = float(following)
        return z

    def pass_on(self, look: int, z: float) -> None:
        """Move to the density after this look, of what stays inside its boundary; nothing to do after the last."""
        if look + 1 >= self._times.size:
            return
        time, step = self._times[look], self._steps[look]
        reach, centre = np.sqrt(time), self._drift * time
        low, high = max(-z * reach, centre - _FAR * reach), min(z * reach, centre + _FAR * reach)
        if low >= high:
            self._nodes, self._mass = np.zeros(1), np.zeros(1)
            return
        finest = np.sqrt(min(step, self._steps[look + 1]))
        count = int(np.clip(np.ceil(_NODES_PER_STEP * (high - low) / finest), 0, _MOST_NODES)) + _LEAST_NODES
        points, weights = _gauss_legendre(count)
        nodes = low + (high - low) * (points + 1) / 2
        gaps = (nodes[:, None] - self._nodes[None, :] - self._drift * step) / np.sqrt(step)
        density = np.exp(-(gaps**2) / 2) @ self._mass / np.sqrt(2 * np.pi * step)
        self._nodes, self._mass = nodes, weights * (high - low) / 2 * density


_RULES: dict[int, tuple[Floats, Floats]] = {}


def _gauss_legendre(count: int) -> tuple[Floats, Floats]:
    """Nodes and weights on [−1, 1], worked out once for each multiple of 16."""
    count = -(-count // 16) * 16
    if count not in _RULES:
        _RULES[count] = np.polynomial.legendre.leggauss(count)
    return _RULES[count]
