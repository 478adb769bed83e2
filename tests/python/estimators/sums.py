"""Sufficient statistics of raw values, as the marts hold them."""

from __future__ import annotations

import numpy as np

from python_stats.estimators import cuped, moments, skewness


def one(value: float) -> np.ndarray:
    return np.array([value], dtype=float)


def arm_of_means(y: np.ndarray, x: np.ndarray, pivot_y: float = 0.0, pivot_x: float = 0.0) -> cuped.Arm:
    """Arms of several experiments at once: `y` and `x` of the shape (experiments, persons)."""
    y, x = np.atleast_2d(y), np.atleast_2d(x)
    n, u, v = np.full(y.shape[0], float(y.shape[1])), y - pivot_y, x - pivot_x
    unit = np.full(n.shape, float(np.std(y)) or 1.0)
    tail = skewness.skewness_of_means(n, u.sum(1), (u * u).sum(1), unit, ((u / unit[:, None]) ** 3).sum(1))
    return cuped.Arm(
        moments.sample_of_means(n, n * 0 + pivot_y, u.sum(1), (u * u).sum(1), tail),
        moments.sample_of_means(n, n * 0 + pivot_x, v.sum(1), (v * v).sum(1)),
        cuped.covariance_of_means(n, u.sum(1), v.sum(1), (u * v).sum(1)),
    )


def arm_of_ratios(y: np.ndarray, d: np.ndarray, x: np.ndarray, z: np.ndarray) -> cuped.Arm:
    """The same for ratios, shifted by pivots that are not 0."""
    y, d, x, z = (np.atleast_2d(part) for part in (y, d, x, z))
    n = np.full(y.shape[0], float(y.shape[1]))
    pivots = [n * 0 + p for p in (1.0, 3.0, 2.0, 4.0)]
    a, b, c, e = (part - pivot[:, None] for part, pivot in zip((y, d, x, z), pivots, strict=True))

    def s(*parts: np.ndarray) -> np.ndarray:
        return np.prod(parts, axis=0).sum(1)

    value = moments.sample_of_ratios(n, pivots[0], pivots[1], s(a), s(b), s(a, a), s(b, b), s(a, b))
    covariate = moments.sample_of_ratios(n, pivots[2], pivots[3], s(c), s(e), s(c, c), s(e, e), s(c, e))
    together = cuped.covariance_of_ratios(
        n, value.value, covariate.value, d.mean(1), z.mean(1), (s(a), s(b), s(c), s(e)), (s(a, c), s(b, c), s(a, e), s(b, e))
    )
    return cuped.Arm(value, covariate, together)
