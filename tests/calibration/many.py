"""Splits, many metrics at once, and what an effect is worth."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.special import ndtr

from calibration.cells import Cell, cell
from python_stats.estimators.multiplicity import benjamini_hochberg, holm
from python_stats.estimators.split import ALARM_P, daily_sample_ratio, sample_ratio
from python_stats.estimators.worth import Worth, unit_values


def splits(rng: np.random.Generator, experiments: int) -> Iterator[Cell]:
    """Sound splits: how often does the sample-ratio test raise an alarm? It is one chance in a thousand, so ten times as many."""
    for shares in ((0.5, 0.5), (0.9, 0.1), (0.99, 0.01), (0.34, 0.33, 0.33), (0.4, 0.3, 0.2, 0.05, 0.05)):
        declared = np.array(shares)
        for persons in (100, 1000, 100_000, 10**12):
            counts = rng.multinomial(persons, declared, 10 * experiments).astype(float)
            alarms = np.array([not sample_ratio(row, declared).is_sound for row in counts])
            corner = f"shares {'/'.join(f'{share:g}' for share in shares)}, n {persons}"
            yield cell("Sample ratio (chi-square)", f"alarm p < {ALARM_P:g}", corner, ALARM_P, alarms)


def daily_splits(rng: np.random.Generator, experiments: int) -> Iterator[Cell]:
    """The sample-ratio test that may be looked at every day, for 60 days."""
    for shares in ((0.5, 0.5), (0.9, 0.1), (0.99, 0.01), (0.4, 0.3, 0.2, 0.05, 0.05)):
        declared = np.array(shares)
        for persons in (10, 1000, 100_000):
            days = np.cumsum(rng.multinomial(persons, declared, (experiments, 60)), axis=1).astype(float)
            p_values = np.array([daily_sample_ratio(row, declared)[-1] for row in days])
            corner = f"shares {'/'.join(f'{share:g}' for share in shares)}, {persons} a day"
            yield cell("Sample ratio, daily", f"any day p < {ALARM_P:g}", corner, ALARM_P, p_values < ALARM_P)
            yield cell("Sample ratio, daily", "any day p < 5 %", corner, 0.05, p_values < 0.05)


def multiplicity(rng: np.random.Generator, experiments: int) -> Iterator[Cell]:
    """Families of p-values, some with an effect: Holm's chance of any false alarm, Benjamini and Hochberg's share of them."""
    for metrics, effects, correlation in ((3, 0, 0.0), (3, 1, 0.5), (10, 0, 0.0), (10, 0, 0.8), (10, 5, 0.5), (2, 0, -0.9)):
        common = np.full((metrics, metrics), correlation) + (1 - correlation) * np.eye(metrics)
        z = rng.multivariate_normal(np.zeros(metrics), common, experiments)
        z[:, :effects] += 3.0
        p_values = 2 * ndtr(-np.abs(z))
        corner = f"{metrics} metrics, {effects} with an effect, correlation {correlation:g}"
        any_false = np.array([(holm(row)[effects:] <= 0.05).any() for row in p_values])
        yield cell("Holm", "any false alarm 5 %", corner, 0.05, any_false)
        found = np.array([benjamini_hochberg(row) <= 0.05 for row in p_values])
        false_share = found[:, effects:].sum(axis=1) / np.maximum(found.sum(axis=1), 1)
        # A share, not a yes or no: a draw with that chance has the same mean.
        drawn = rng.random(experiments) < false_share
        yield cell("Benjamini–Hochberg", "share of false alarms 5 %", corner, 0.05, drawn)


def worth(rng: np.random.Generator, experiments: int) -> Iterator[Cell]:
    """Amounts: does effect × value of a unit lie in its interval, where the true value is drawn from its own?"""
    for signal in (0.0, 2.0, 5.0):
        for value, low, high in ((20.0, 20.0, 20.0), (20.0, 15.0, 25.0), (20.0, 12.0, 40.0)):
            effects = rng.normal(signal, 1.0, experiments)
            values = unit_values(value, low, high, 0.05)
            truths = signal * 10.0 * rng.choice(values, experiments)
            # probability_above is the distribution itself: the truth is outside its interval where that is beyond 97.5 or below 2.5 %.
            above = np.array([Worth(e, 1.0, np.inf, 10.0, values).probability_above(t) for e, t in zip(effects, truths, strict=True)])
            corner = f"effect at {signal:g} standard errors, unit {low:g} … {value:g} … {high:g}"
            yield cell("Worth of an effect", "interval 95 %", corner, 0.05, (above < 0.025) | (above > 0.975))
