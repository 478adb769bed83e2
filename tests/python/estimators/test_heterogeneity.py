"""Segments: a published meta-analysis, and simulated segments."""

from __future__ import annotations

import numpy as np
import pytest
from estimators.sums import arm_of_means

from python_stats.estimators import cuped
from python_stats.estimators.comparison import compare
from python_stats.estimators.contrast import Contrast
from python_stats.estimators.heterogeneity import heterogeneity, log_ratios
from python_stats.estimators.shares import sample_of_shares

# BCG vaccine against tuberculosis, 13 trials (Colditz et al. 1994): cases and others among the vaccinated, and among the others.
BCG = np.array(
    [
        (4, 119, 11, 128),
        (6, 300, 29, 274),
        (3, 228, 11, 209),
        (62, 13536, 248, 12619),
        (33, 5036, 47, 5761),
        (180, 1361, 372, 1079),
        (8, 2537, 10, 619),
        (505, 87886, 499, 87892),
        (29, 7470, 45, 7232),
        (17, 1699, 65, 1600),
        (186, 50448, 141, 27197),
        (5, 2493, 3, 2338),
        (27, 16886, 29, 17825),
    ],
    dtype=float,
)


def test_a_published_meta_analysis() -> None:
    """DerSimonian and Laird on the log risk ratio, as in Viechtbauer (2010): Q = 152.233, tau² = 0.3088, -0.7141 with error 0.1787."""
    a, b, c, d = BCG.T
    found = heterogeneity(np.log(a / (a + b) / (c / (c + d))), 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d))
    assert found is not None and found.df == 12
    assert found.q == pytest.approx(152.233, abs=5e-4)
    assert found.between == pytest.approx(0.3088, abs=5e-5)
    assert found.common == pytest.approx(-0.7141, abs=5e-5)
    assert found.common_variance**0.5 == pytest.approx(0.1787, abs=5e-5)
    assert found.p_value < 1e-20


def test_equal_effects_are_one_effect() -> None:
    found = heterogeneity(np.array([0.1, 0.1, 0.1]), np.array([0.01, 0.02, 0.03]))
    assert found is not None
    assert found.q == pytest.approx(0, abs=1e-20) and found.between == 0.0
    assert found.p_value == pytest.approx(1.0)
    assert found.shrunken == pytest.approx([0.1] * 3)
    assert np.all((found.shrunken_variance > 1 / (100 + 50 + 100 / 3)) & (found.shrunken_variance < [0.01, 0.02, 0.03]))


def test_nothing_to_compare() -> None:
    assert heterogeneity(np.array([0.1]), np.array([0.1])) is None
    assert heterogeneity(np.array([]), np.array([])) is None
    assert heterogeneity(np.array([0.1, 0.2]), np.array([0.0, 0.1])) is None


def test_scale_does_not_matter() -> None:
    effect, variance = np.array([1.0, 2.0, 4.0]), np.array([0.5, 0.2, 0.4])
    plain = heterogeneity(effect, variance)
    for scale in (1e-100, 1e-9, 1e100):
        scaled = heterogeneity(effect * scale, variance * scale**2)
        assert plain is not None and scaled is not None
        assert scaled.q == pytest.approx(plain.q) and scaled.shrunken / scale == pytest.approx(plain.shrunken)


@pytest.mark.parametrize("between", [0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("count", [2, 3, 6, 12])
def test_the_test_holds_and_shrinking_helps(between: float, count: int) -> None:
    """1,500 experiments: 5 % false alarms without differences; shrunken effects are nearer the truth, and their intervals hold it."""
    generator = np.random.default_rng(count)
    repeats, variance = 1500, np.linspace(0.5, 1.5, count)
    alarms, nearer, held = 0, 0.0, 0
    for _ in range(repeats):
        truth = generator.normal(1, between, count)
        effect = generator.normal(truth, np.sqrt(variance))
        found = heterogeneity(effect, variance)
        assert found is not None
        alarms += found.p_value < 0.05
        nearer += float(np.sum((effect - truth) ** 2) - np.sum((found.shrunken - truth) ** 2))
        held += int(np.sum(np.abs(found.shrunken - truth) <= 1.96 * np.sqrt(found.shrunken_variance)))
    if between == 0:
        assert abs(alarms / repeats - 0.05) < 0.0225
    assert nearer > 0
    assert held / repeats / count > 0.938


def test_log_ratios_are_those_of_the_published_meta_analysis() -> None:
    """BCG: 1/a − 1/(a + b) + 1/c − 1/(c + d). Three cases in some trials are too few for a log ratio, and so none is given of any."""
    a, b, c, d = BCG.T
    p, q = a / (a + b), c / (c + d)
    contrast = Contrast(p - q, q, q * (1 - q) / (c + d), np.full(a.shape, -1.0), p * (1 - p) / (a + b))
    assert log_ratios(contrast, is_share=True) is None
    enough = np.minimum(a, c) >= 5
    found = log_ratios(Contrast(*(part[enough] for part in vars(contrast).values())), is_share=True)
    assert found is not None and enough.sum() == 10
    assert found[0] == pytest.approx(np.log(p / q)[enough])
    assert found[1] == pytest.approx((1 / a - 1 / (a + b) + 1 / c - 1 / (c + d))[enough])


def test_the_variance_of_an_adjusted_log_ratio() -> None:
    """2,000 experiments: (effect + control) / control of an adjusted effect varies by as much as its variance says."""
    generator = np.random.default_rng(3)
    x0, x1 = generator.normal(10, 3, (2, 2000, 150))
    y0, y1 = (x + generator.normal(0, 2, x.shape) for x in (x0, 1.2 * x1))
    found = log_ratios(cuped.adjust(arm_of_means(y0, x0), arm_of_means(y1, x1)).contrast, is_share=False)
    assert found is not None
    assert np.var(found[0]) == pytest.approx(np.mean(found[1]), rel=0.1)
    assert np.mean(found[0]) == pytest.approx(np.log(1.2), abs=0.002)


@pytest.mark.parametrize(("persons", "lift"), [(20_000, 1.1), (1_500, 1.3), (1_500, 0.6)])
def test_one_relative_change_is_called_different_no_more_often_than_promised(persons: int, lift: float) -> None:
    """1,200 experiments of eight segments at 2 to 40 %: by plain differences, all of the largest would be called different."""
    generator = np.random.default_rng(4)
    repeats, levels = 1200, np.linspace(0.02, 0.4, 8)
    arms = []
    for shares in (levels, lift * levels):
        n, counts = np.full(repeats * 8, float(persons)), generator.binomial(persons, shares, (repeats, 8)).ravel().astype(float)
        arms.append(sample_of_shares(n, 0 * n, counts, counts))
    contrast = compare(*arms, np.full(repeats * 8, 0.05)).contrast
    alarms = 0
    for start in range(0, repeats * 8, 8):
        ratios = log_ratios(Contrast(*(part[start : start + 8] for part in vars(contrast).values())), is_share=True)
        assert ratios is not None
        result = heterogeneity(*ratios)
        assert result is not None
        alarms += result.p_value < 0.05
    assert abs(alarms / repeats - 0.05) < 0.0225


def test_means_near_0_have_no_log_ratio() -> None:
    def contrast(control: float, variant: float, error: float) -> Contrast:
        return Contrast(*(np.array([part]) for part in (variant - control, control, error**2, -1.0, error**2)))

    assert log_ratios(contrast(10.0, 12.0, 0.9), is_share=False) is not None
    assert log_ratios(contrast(10.0, 12.0, 1.1), is_share=False) is None
    assert log_ratios(contrast(10.0, 12.0, 4.0), is_share=True) is not None
    for control, variant, error in ((2.0, 12.0, 1.0), (12.0, 2.0, 1.0), (-10.0, -12.0, 1.0), (10.0, -10.0, 1.0), (0.0, 1.0, 0.0)):
        assert log_ratios(contrast(control, variant, error), is_share=True) is None


def test_segments_of_heavy_tails_are_called_different_no_more_often_than_promised() -> None:
    """1,000 experiments of six segments, amounts e^N(0, 1) of 300 persons an arm: log ratios where
    they are given, else differences. From 2 standard errors on, log ratios alone would give 7 %."""
    generator = np.random.default_rng(5)
    repeats, count, n, alarms, relative = 1000, 6, 300, 0, 0
    for _ in range(repeats):
        control, variant = (np.exp(generator.standard_normal((count, n), dtype=np.float32)) for _ in range(2))
        spreads = [arm.var(axis=1, ddof=1) / n for arm in (control, variant)]
        contrast = Contrast(variant.mean(axis=1) - control.mean(axis=1), control.mean(axis=1), spreads[0], np.full(count, -1.0), spreads[1])
        ratios = log_ratios(contrast, is_share=False)
        result = heterogeneity(*(ratios or (contrast.effect, contrast.variance)))
        assert result is not None
        alarms, relative = alarms + (result.p_value < 0.05), relative + (ratios is not None)
    assert 0.2 < relative / repeats < 0.9
    assert alarms / repeats < 0.05 + 3 * (0.05 * 0.95 / repeats) ** 0.5
