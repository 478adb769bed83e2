"""Segments: a published meta-analysis, and simulated segments."""

from __future__ import annotations

import numpy as np
import pytest

from python_stats.estimators.heterogeneity import heterogeneity

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
