"""Known answers, most of them from two or more independent implementations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_verdicts import design

from python_stats.analysis.many import adjust_p_values
from python_stats.designs import Variant
from python_stats.estimators import (
    always_valid,
    comparison,
    contrast,
    cuped,
    factorial,
    log_rank,
    moments,
    multiplicity,
    shares,
    spending,
    split,
    survival,
    time_quantiles,
    worth,
)
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
    arms = [sample(inputs[f"n{arm}"], inputs[f"m{arm}"], inputs[f"v{arm}"]) for arm in (0, 1)]
    _, low, high, _ = contrast.fieller(contrast.difference(*arms), critical)
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


def cuped_arm(inputs: dict[str, float], arm: str) -> cuped.Arm:
    """An arm whose sums are shifted by pivots of 10 and 9.5."""
    n, y, x = inputs["n" + arm], inputs["m" + arm] - 10.0, inputs["x" + arm] - 9.5
    value = moments.sample_of_means(at(n), at(10.0), at(n * y), at((n - 1) * inputs["v" + arm] + n * y**2))
    covariate = moments.sample_of_means(at(n), at(9.5), at(n * x), at((n - 1) * inputs["vx" + arm] + n * x**2))
    return cuped.Arm(value, covariate, cuped.covariance_of_means(at(n), at(n * y), at(n * x), at((n - 1) * inputs["c" + arm] + n * x * y)))


@pytest.mark.parametrize("name", [f"cuped/{what}" for what in ("theta_total", "abs_diff", "abs_ci", "abs_p", "rel_point_definitions")])
def test_cuped(name: str) -> None:
    adjusted = cuped.adjust(*(cuped_arm(REFERENCES[name]["inputs"], arm) for arm in "01"))
    assert adjusted.usable.all()
    result = comparison.compare_contrast(adjusted.contrast, adjusted.df, at(0.05), np.array(["ok"], dtype=object), at(np.nan))
    what = name.removeprefix("cuped/")
    if what == "theta_total":
        matches(name, adjusted.theta[0])
    elif what == "abs_diff":
        matches(name, result.effect[0])
        matches(name, result.standard_error[0], "se", 1e-9)
    elif what == "abs_ci":
        matches(name, [result.ci_low[0], result.ci_high[0]])
    elif what == "abs_p":
        matches(name, result.p_value[0])
    else:
        reference = REFERENCES[name]
        expected = reference["value"]["unadjusted control mean (gbstats)"]
        assert result.relative[0] == pytest.approx(expected, abs=reference["tolerance"])


@pytest.mark.parametrize("name", ["factorial/interaction", "factorial/main_effect_A"])
def test_factorial(name: str) -> None:
    reference = REFERENCES[name]
    codes = list(reference["inputs"])
    samples = [sample(*reference["inputs"][code]) for code in codes]
    levels = [{"a": code[0], "b": code[1]} for code in codes]
    moved = {"a": "1", "b": "1"} if name.endswith("interaction") else {"a": "1"}
    effect = next(effect for effect in factorial.effects(levels, levels[0]) if effect.moved == moved)
    found = factorial.estimate(samples, effect)
    matches(name, found.contrast.effect[0])
    error, statistic = np.sqrt(found.contrast.variance), found.contrast.effect / np.sqrt(found.contrast.variance)
    normal = comparison.two_sided_p(statistic, at(np.inf))[0]
    if name.endswith("interaction"):
        assert error[0] == pytest.approx(reference["se"]["mpmath"], abs=1e-9)
        assert found.df[0] == pytest.approx(reference["welch_df"], abs=1e-6)
        assert comparison.two_sided_p(statistic, found.df)[0] == pytest.approx(reference["p_t"], abs=1e-9)
        assert normal == pytest.approx(reference["p_z"]["mpmath"], abs=1e-9)
    else:
        assert error[0] == pytest.approx(reference["se"], abs=1e-9)
        assert normal == pytest.approx(reference["p_z"], rel=1e-7)


@pytest.mark.parametrize("name", ["multiplicity/holm", "multiplicity/bh"])
def test_multiplicity(name: str) -> None:
    method = multiplicity.holm if name.endswith("holm") else multiplicity.benjamini_hochberg
    matches(name, method(at(*REFERENCES[name]["inputs"]["pvalues"])))


def test_bonferroni() -> None:
    """What a primary metric of several variants pays: p × variants, at most 1."""
    p_values = REFERENCES["multiplicity/bonferroni"]["inputs"]["pvalues"]
    arms = [Variant(str(number), number == 0, 1 / (len(p_values) + 1), {}) for number in range(len(p_values) + 1)]
    place = {"experiment_id": "e", "is_decision": True, "role": "primary"}
    rows = [{**place, "variant_id": arm.variant_id, "p_value": p} for arm, p in zip(arms[1:], p_values, strict=True)]
    adjust_p_values(rows, {"e": design(variants=tuple(arms))})
    matches("multiplicity/bonferroni", [row["p_adjusted"] for row in rows])


@pytest.mark.parametrize("name", cases("srm/", ends=("/p",)))
def test_sample_ratio(name: str) -> None:
    inputs = REFERENCES[name]["inputs"]
    found = split.sample_ratio(at(*inputs["observed"]), at(*inputs["weights"]))
    matches(name, found.p_value)
    matches(name, found.chi_square, "chi2", 1e-8)


@pytest.mark.parametrize("name", cases("srm/", ends=("/anytime_log_e",)))
def test_sample_ratio_of_every_day(name: str) -> None:
    inputs = REFERENCES[name]["inputs"]
    observed, shares = np.array([inputs["observed"]], dtype=float), at(*inputs["weights"])
    matches(name, split.log_bayes_factor(observed, shares)[0])
    assert split.daily_sample_ratio(observed, shares)[0] == REFERENCES[name]["anytime_p"]


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


def test_log_rank() -> None:
    (_, at_risk_0, events_0, _), (_, at_risk_1, events_1, _) = life_table("placebo"), life_table("6mp")
    found = log_rank.log_rank(at_risk_0, events_0, at_risk_1, events_1)
    matches("survival/logrank_chi2", found.chi_square[0])
    matches("survival/logrank_p", found.p_value[0])
    observed, expected, variance = REFERENCES["survival/logrank_p"]["O_minus_E_treat"]
    assert [found.surplus[0], found.variance[0]] == pytest.approx([observed - expected, variance], abs=1e-9)


@pytest.mark.parametrize("name", cases("survival/median/"))
def test_median_time(name: str) -> None:
    times, at_risk, events, _ = life_table(REFERENCES[name]["inputs"]["dataset"])
    assert time_quantiles.steps_of(times, times, at_risk[0], events[0], 0.5).value == REFERENCES[name]["value"]


LOOKS = (2, 3, 4, 5, 10)


@pytest.mark.parametrize("count", LOOKS)
def test_lan_demets_boundaries(count: int) -> None:
    fractions = np.arange(1, count + 1) / count
    matches(f"group_sequential/lan_demets_obf/K{count}", spending.boundaries(fractions, 0.05).z)


@pytest.mark.parametrize("count", LOOKS)
def test_classical_boundaries_use_up_alpha(count: int) -> None:
    fractions = np.arange(1, count + 1) / count
    for name, scale in (("obrien_fleming", np.sqrt(1 / fractions)), ("pocock", np.ones(count))):
        reference = REFERENCES[f"group_sequential/{name}/K{count}"]
        for constant, tolerance in ((np.ravel(reference["value"])[-1], 1e-9), (reference["JT_constant"], 1e-4)):
            crossed = sum(side.sum() for side in spending.crossing_probabilities(fractions, constant * scale))
            assert crossed == pytest.approx(0.05, abs=tolerance), name


@pytest.mark.parametrize("count", (3, 5))
def test_boundaries_of_any_spending(count: int) -> None:
    """Published for one side at 0.025; two sides at 0.05 spend the same on each, and hardly ever meet."""
    fractions = np.arange(1, count + 1) / count
    found = spending.boundaries_of(fractions, 0.05 * fractions**3).z
    matches(f"group_sequential/power3_one_sided/K{count}", found, tolerance=1e-6)
    published = REFERENCES["group_sequential/spotify_power3"]["value"][f"power3_one_sided_0.025/{count}"]
    np.testing.assert_allclose(found, published, rtol=0, atol=1e-3)


def test_confidence_sequence() -> None:
    name = "sequential/asymptotic_cs_ci"
    inputs = REFERENCES[name]["inputs"]
    result = welch(inputs)
    fraction, alpha = at((inputs["n0"] + inputs["n1"]) / inputs["tuning"]), at(inputs["alpha"])
    reach = always_valid.boundary(fraction, alpha) * result.standard_error
    matches(name, [(result.effect - reach)[0], (result.effect + reach)[0]])
    other = REFERENCES["sequential/confseq_normal_mixture"]["value"]
    assert reach[0] == pytest.approx(other["halfwidth"], abs=1e-12)
    p_value = always_valid.p_value(result.effect / result.standard_error, fraction, alpha)[0]
    matches("sequential/asymptotic_cs_p", p_value)
    assert p_value == pytest.approx(other["p"], abs=1e-12)


def test_confidence_sequence_against_the_fixed_interval() -> None:
    for persons, ratio_of_widths in REFERENCES["sequential/width_vs_fixed"]["value"].items():
        found = always_valid.boundary(at(int(persons) / 5000), at(0.05)) / 1.959963984540054
        assert found[0] == pytest.approx(ratio_of_widths, abs=1e-9)


def test_roi_annualised() -> None:
    reference = REFERENCES["roi/annualised"]
    inputs, value = reference["inputs"], reference["value"]
    gain = worth.Worth(inputs["effect_per_user"], inputs["se"], np.inf, inputs["annual_users"], at(inputs["unit_value"]))
    assert gain.effect * gain.scale == pytest.approx(value["impact"], abs=1e-6)
    assert [gain.quantile(0.025), gain.quantile(0.975)] == pytest.approx(value["ci"], abs=1e-6)
    assert gain.probability_above(inputs["run_cost"]) == pytest.approx(value["p_net_positive_flat_prior"], abs=1e-9)
    assert (gain.effect * gain.scale - inputs["run_cost"]) / inputs["run_cost"] == pytest.approx(value["roi"])
