"""Many metrics at once: p-values adjusted for how many were asked."""

import numpy as np

from python_stats.estimators.status import Floats


def holm(p_values: Floats) -> Floats:
    """Holm's step-down adjustment (Holm 1979): keeps the chance of any false alarm. `nan` stays `nan` and does not count."""
    return _adjusted(p_values, _holm)


def benjamini_hochberg(p_values: Floats) -> Floats:
    """Benjamini & Hochberg's step-up adjustment (1995): keeps the share of false alarms. `nan` stays `nan` and does not count."""
    return _adjusted(p_values, _benjamini_hochberg)


def adjust(p_values: Floats, correction: str) -> Floats:
    """Adjust by the name a design gives: `holm`, `benjamini_hochberg` or `none`.

    Raises:
        ValueError: for any other name.
    """
    if correction == "holm":
        return holm(p_values)
    if correction == "benjamini_hochberg":
        return benjamini_hochberg(p_values)
    if correction == "none":
        return p_values.copy()
    raise ValueError(f"unknown correction '{correction}': holm, benjamini_hochberg or none")


def _adjusted(p_values: Floats, method) -> Floats:  # type: ignore[no-untyped-def]
    known = ~np.isnan(p_values)
    adjusted = np.full(p_values.shape, np.nan)
    if known.any():
        order = np.argsort(p_values[known], kind="stable")
        inverse = np.empty_like(order)
        inverse[order] = np.arange(order.size)
        adjusted[known] = np.minimum(method(p_values[known][order]), 1.0)[inverse]
    return adjusted


def _holm(ascending: Floats) -> Floats:
    count = ascending.size
    return np.asarray(np.maximum.accumulate(ascending * (count - np.arange(count))))


def _benjamini_hochberg(ascending: Floats) -> Floats:
    count = ascending.size
    scaled = ascending * count / np.arange(1, count + 1)
    return np.asarray(np.minimum.accumulate(scaled[::-1])[::-1])
