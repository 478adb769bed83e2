"""Known answers, most of them from two or more independent implementations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from python_stats.estimators import comparison, moments, multiplicity, shares, split, survival, worth
from python_stats.estimators.moments import Sample

SOURCE = Path(__file__).resolve().parents[2].parent / "shared" / "reference" / "reference_values.json"

if not SOURCE.is_file():
    pytest.skip(f"known answers are not here: {SOURCE}", allow_module_level=True)

REFERENCES: dict[str, Any] = json.loads(SOURCE.read_text(encoding="utf-8"))["references"]


def at(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)


def cases(*prefixes: str, ends: tuple[str, ...] = ("",)) -> list[str]:
    found = [name for name in REFERENCES if name.startswith(prefixes) and name.endswith(ends)]
    assert found, f"the known answers hold nothing for {prefixes} {ends}"
    return found


def matches(name: str, found: Any, key: str = "value", tolerance: float | None = None) -> None:
    reference = REFERENCES[name]
    np.testing.assert_allclose(found, reference[key], rtol=0, atol=tolerance or reference["tolerance"] or 1e-12, err_msg=name)


def sample(n: float, value: float, person_variance: float) -> Sample:
    return Sample(at(n), at(value), at(person_variance / n), np.array(["ok"], dtype=object))


def welch(inputs: dict[str, float], alpha: float = 0.05) -> comparison.Comparison:
    arms = [sample(inputs[f"n{arm}"], inputs[f"m{arm}"], inputs[f"v{arm}"]) for arm in (0, 1)]
    return comparison.compare(*arms, at(alpha))


@pytest.mark.parametrize("name", cases("welch/", ends=("/t", "/p", "/ci", "/rel_ci_fieller_t")))
def test_welch(name: str) -> None:
    result = welch(REFERENCES[name]["inputs"])
    what = name.rsplit("/", 1)[1]
    if what == "t":
        matches(name, (result.effect / result.standard_error)[0])
        matches(name, result.df[0], "df", 1e-7)
    elif what == "p":
        matches(name, result.p_value[0])
        assert result.p_value[0] > 0
    elif what == "ci":
        matches(name, [result.ci_low[0], result.ci_high[0]])
    else:
        matches(name, [result.relative_low[0], result.relative_high[0]])


@pytest.mark.parametrize("name", cases("welch/", ends=("/rel_ci_fieller_z",)))
def test_fieller_with_the_normal_quantile(name: str) -> None:
    inputs = REFERENCES[name]["inputs"]
    critical = comparison.critical_value(at(0.05), at(np.inf))
    _, low, high, _ = comparison.fieller(
        at(inputs["m0"]), at(inputs["v0"] / inputs["n0"]), at(inputs["m1"]), at(inputs["v1"] / inputs["n1"]), critical
    )
    matches(name, [low[0], high[0]])


@pytest.mark.parametrize("name", cases("two_prop/", ends=("/ci_newcombe",)))
def test_newcombe(name: str) -> None:
    inputs = REFERENCES[name]["inputs"]
    low, high = shares.newcombe(*(at(inputs[key]) for key in ("x0", "n0", "x1", "n1", "alpha")))
    matches(name, [low[0], high[0]])


@pytest.mark.parametrize("name", cases("two_prop/", ends=("/ci_wald", "/unpooled_p")))
def test_shares_by_welch_come_to_the_normal_answer(name: str) -> None:
    """Wald's interval uses n and the normal; Welch n − 1 and t: they agree to the order of 1/n."""
    inputs = REFERENCES[name]["inputs"]
    arms = []
    for arm in "01":
        n, x = inputs["n" + arm], inputs["x" + arm]
        arms.append(moments.sample_of_means(at(n), at(0.1), at(x - 0.1 * n), at(x * 0.81 + (n - x) * 0.01)))
    result = comparison.compare(*arms, at(inputs["alpha"]))
    smallest = min(inputs["n0"], inputs["n1"])
    if name.endswith("ci_wald"):
        width = REFERENCES[name]["value"][1] - REFERENCES[name]["value"][0]
        matches(name, [result.ci_low[0], result.ci_high[0]], tolerance=2 * width / smallest)
    else:
        matches(name, result.p_value[0], tolerance=max(2.5 / smallest * REFERENCES[name]["value"] * 20, 1e-9))


def ratio(inputs: dict[str, float]) -> comparison.Comparison:
    arms = []
    for arm in "01":
        n, pivot_y, pivot_d = inputs["n" + arm], 0.7, 2.0
        du, dd = inputs["y" + arm] - pivot_y, inputs["d" + arm] - pivot_d
        arms.append(
            moments.sample_of_ratios(
                at(n),
                at(pivot_y),
                at(pivot_d),
                at(n * du),
                at(n * dd),
                at((n - 1) * inputs["vy" + arm] + n * du**2),
                at((n - 1) * inputs["vd" + arm] + n * dd**2),
                at((n - 1) * inputs["cyd" + arm] + n * du * dd),
            )
        )
    return comparison.compare(*arms, at(0.05))


@pytest.mark.parametrize("name", [f"ratio/{what}" for what in ("abs_diff", "abs_ci", "abs_p", "rel_ci_fieller_t")])
def test_ratio(name: str) -> None:
    result = ratio(REFERENCES[name]["inputs"])
    if name == "ratio/abs_diff":
        matches(name, result.effect[0], tolerance=1e-11)
        matches(name, result.standard_error[0], "se", 1e-12)
        matches(name, result.df[0], "df", 1e-6)
    elif name == "ratio/abs_ci":
        matches(name, [result.ci_low[0], result.ci_high[0]])
    elif name == "ratio/abs_p":
        matches(name, result.p_value[0])
    else:
        matches(name, [result.relative_low[0], result.relative_high[0]])


@pytest.mark.parametrize("name", ["multiplicity/holm", "multiplicity/bh"])
def test_multiplicity(name: str) -> None:
    method = multiplicity.holm if name.endswith("holm") else multiplicity.benjamini_hochberg
    matches(name, method(at(*REFERENCES[name]["inputs"]["pvalues"])))


@pytest.mark.parametrize("name", cases("srm/", ends=("/p",)))
def test_sample_ratio(name: str) -> None:
    inputs = REFERENCES[name]["inputs"]
    found = split.sample_ratio(at(*inputs["observed"]), at(*inputs["weights"]))
    matches(name, found.p_value)
    matches(name, found.chi_square, "chi2", 1e-8)


def test_sample_ratio_leaves_out_an_arm_without_weight() -> None:
    right = REFERENCES["traps/gbstats"]["value"]["srm_zero_weight"]["right"]
    found = split.sample_ratio(at(50_000, 51_000, 0), at(0.5, 0.5, 0.0))
    assert found.p_value == pytest.approx(right, abs=1e-12)


def test_variance_of_a_large_mean_keeps_its_digits() -> None:
    values = np.random.default_rng(7).normal(1e8, 1.0, 10_000)
    shifted = values - 1e8
    found = moments.variance(at(values.size), at(shifted.sum()), at((shifted**2).sum()))[0]
    assert found == pytest.approx(np.var(shifted, ddof=1), rel=1e-12)


FREIREICH = REFERENCES["survival/rmst_diff/20"]["inputs"]


def life_table(arm: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    arm = {"6mp": "treat", "placebo": "control"}[arm]
    time, event = np.array(FREIREICH[f"{arm}_time"]), np.array(FREIREICH[f"{arm}_event"])
    grid = np.unique(FREIREICH["treat_time"] + FREIREICH["control_time"])
    at_risk = np.array([[(time >= t).sum() for t in grid]], dtype=float)
    events = np.array([[((time == t) & (event == 1)).sum() for t in grid]], dtype=float)
    ended = np.array([[(time == t).sum() for t in grid]], dtype=float)
    return grid.astype(float), at_risk, events, ended


@pytest.mark.parametrize("name", cases("survival/km/"))
def test_kaplan_meier(name: str) -> None:
    inputs = REFERENCES[name]["inputs"]
    times, at_risk, events, _ = life_table(inputs["dataset"])
    curves = survival.kaplan_meier(times, at_risk, events)
    last = np.searchsorted(times, inputs["t"], side="right") - 1
    matches(name, curves.survival[0, last])
    greenwood = curves.survival[0, last] * np.sqrt(curves.greenwood[0, last])
    assert greenwood == pytest.approx(REFERENCES[name]["greenwood_se"]["mpmath"], abs=1e-10)


@pytest.mark.parametrize("name", cases("survival/rmst/6mp", "survival/rmst/placebo"))
def test_restricted_mean(name: str) -> None:
    inputs = REFERENCES[name]["inputs"]
    times, at_risk, events, _ = life_table(inputs["dataset"])
    value, variance = survival.restricted_mean(times, at_risk, events, at(inputs["tau"]))
    matches(name, value[0])
    assert np.sqrt(variance[0]) == pytest.approx(REFERENCES[name]["se"]["greenwood_klein_moeschberger"], abs=1e-8)


def test_restricted_mean_difference() -> None:
    name = "survival/rmst_diff/20"
    arms = []
    for arm in ("placebo", "6mp"):
        times, at_risk, events, ended = life_table(arm)
        arms.append(survival.sample_of_restricted_means(times, at_risk, events, ended.sum(axis=1), at(20)))
    result = comparison.compare(*arms, at(0.05), normal=True)
    matches(name, result.effect[0])
    matches(name, result.standard_error[0], "se", 1e-9)
    matches(name, [result.ci_low[0], result.ci_high[0]], "ci", 1e-8)
    matches(name, result.p_value[0], "p", 1e-12)


def test_roi_annualised() -> None:
    reference = REFERENCES["roi/annualised"]
    inputs, value = reference["inputs"], reference["value"]
    gain = worth.Worth(inputs["effect_per_user"], inputs["se"], np.inf, inputs["annual_users"], at(inputs["unit_value"]))
    assert gain.effect * gain.scale == pytest.approx(value["impact"], abs=1e-6)
    assert [gain.quantile(0.025), gain.quantile(0.975)] == pytest.approx(value["ci"], abs=1e-6)
    assert gain.probability_above(inputs["run_cost"]) == pytest.approx(value["p_net_positive_flat_prior"], abs=1e-9)
    assert (gain.effect * gain.scale - inputs["run_cost"]) / inputs["run_cost"] == pytest.approx(value["roi"])
