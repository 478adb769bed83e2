"""Plans against verdicts: what `plan` promises from the control alone is what simulated experiments of that size give."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

import numpy as np
import pytest
from calibration.verdicts import SOUND, decided, design, mean_cell, share_cell

from python_stats.analysis import Options, analyze
from python_stats.baselines import CONTROL, Baseline, TimeTable
from python_stats.designs import Design, Objective, Variant
from python_stats.estimators.comparison import compare
from python_stats.estimators.moments import sample_of_means
from python_stats.estimators.survival import bucket_times
from python_stats.planning import Plan, plan
from python_stats.verdicts import decide

Arm = Callable[[np.random.Generator, int, float], np.ndarray]  # values of so many persons, times a factor


def share(value: float) -> Baseline:
    return Baseline("share", CONTROL, 1e5, value, value * (1 - value), 1.0, "ok")


def unplanned(mde: float, lift: float = 0.0, metric: str = "conversion", quota: float = 0.5, direction: str = "increase") -> Design:
    """A design without a planned sample, of a guardrail that may be as bad as it likes."""
    return design(
        planned_sample_per_variant=None,
        ended_on=None,
        variants=(Variant("old", True, quota, {}), Variant("new", False, 1 - quota, {})),
        objectives=(
            Objective(metric, "primary", direction, mde, lift, 0.5), Objective("refund_rate", "guardrail", "decrease", 0.1, 0.0, 10.0),
        ),
    )  # fmt: skip


GROWING: tuple[tuple[str, float, float, Arm], ...] = (
    ("exponential", 1.0, 0.5, lambda rng, n, f: rng.exponential(f, n)),
    ("counts with a variance of three", 3.0, 0.3, lambda rng, n, f: rng.poisson(rng.gamma(0.5, 2 * f, n)).astype(float)),
)


@pytest.mark.parametrize("name,variance,mde,draw", GROWING, ids=[name for name, *_ in GROWING])
def test_what_grows_also_varies_more(name: str, variance: float, mde: float, draw: Arm) -> None:
    """With the control's spread in both arms the first was established in 60.5 %, the second in 69.3 %."""
    baseline = Baseline("mean", CONTROL, 1e5, 1.0, variance, 1.0, "ok")
    n = plan(unplanned(mde, metric="revenue"), {"revenue": baseline}, 1000.0).metrics[0]["needed_per_variant"]
    rng, rounds = np.random.default_rng(6), 4000
    arms = []
    for factor in (1.0, 1 + mde):
        values = draw(rng, n * rounds, factor).reshape(rounds, n)
        arms.append(sample_of_means(np.full(rounds, float(n)), np.zeros(rounds), values.sum(axis=1), (values**2).sum(axis=1)))
    found = np.mean(compare(*arms, np.full(rounds, 0.05)).p_value < 0.05)
    assert 0.78 < found < 0.85  # 3 standard errors below, and not for want of thrift


def test_what_shrinks_or_may_lie_below_0_keeps_its_spread() -> None:
    mean = Baseline("mean", CONTROL, 1e5, 2.0, 9.0, 1.0, "ok")
    assert mean.variances(1.0) == (9.0, 9.0 * 1.5**2)
    assert mean.variances(-1.0) == (9.0, 9.0)
    assert replace(mean, may_be_negative=True).variances(1.0) == (9.0, 9.0)
    part = Baseline("ratio", CONTROL, 1e5, 0.5, 1.0, 1.0, "ok", is_part=True)
    assert part.variances(0.1) == (1.0, pytest.approx(1.2**2 * 0.4 / 0.5))
    assert part.variances(-0.1) == part.variances(0.45) == (1.0, 1.0)
    assert replace(mean, value=-2.0).variances(1.0) == (9.0, 9.0)


def holdout(draw: Callable[[str, str, int, float], dict[str, object]], of: Design, n: tuple[int, int], mde: float) -> Counter[str]:
    """Verdicts of experiments with arms of those sizes, an effect as planned and a guardrail that does not move."""
    rng, found = np.random.default_rng(3), Counter[str]()
    of = replace(of, planned_sample_per_variant=min(n), ended_on=date(2026, 2, 1))
    plans = [replace(of, experiment_id=f"{index:04d}") for index in range(200)]
    rows = []
    for one in plans:
        for variant, size, factor in (("old", n[0], 1.0), ("new", n[1], 1 + mde)):
            rows.append(draw(one.experiment_id, variant, size, factor))
            rows.append(share_cell(one.experiment_id, variant, "refund_rate", size, float(rng.binomial(size, 0.2))))
    judged: dict[str, list[dict[str, object]]] = {}
    for row in analyze(plans, rows, [], Options()):
        judged.setdefault(row["experiment_id"], []).append(row)
    for one in plans:
        verdict = decide(one, judged[one.experiment_id], SOUND, datetime(2026, 5, 5))
        found[verdict.reason if verdict.verdict == "hold" else verdict.verdict] += 1
    return found


def sizes(smaller: int, quota: float) -> tuple[int, int]:
    return math.ceil(smaller), math.ceil(smaller / quota * (1 - quota))


def test_a_holdout_of_few_buyers_is_planned_to_where_it_is_judged() -> None:
    """Ten per cent held out, 0.1 % buy, half more: 36,591 show it and are `skewed` in all; with 60,280 nearly all are judged."""
    rng = np.random.default_rng(5)
    of = unplanned(0.5, metric="purchase_rate", quota=0.1)
    told = plan(of, {"purchase_rate": share(0.001)}, 5000.0)
    row = told.metrics[0]
    assert (row["needed_to_show"], row["refused_as"]) == (36_591, "skewed")
    assert "36,591 would show the effect, but there is no verdict with fewer: a few people weigh too much" in told.sentence

    def draw(experiment: str, variant: str, n: int, factor: float) -> dict[str, object]:
        return share_cell(experiment, variant, "purchase_rate", n, float(rng.binomial(n, 0.001 * factor)))

    assert holdout(draw, of, sizes(row["needed_to_show"], 0.1), 0.5)["skewed"] > 190
    found = holdout(draw, of, sizes(row["needed_per_variant"], 0.1), 0.5)
    assert found["skewed"] < 10 and found["ship"] > 160


def test_money_of_a_small_arm_is_planned_to_where_it_is_judged() -> None:
    """Ten per cent buy for a lognormal amount, one to nine, +20 %: the skewness is that of the control's figures."""
    rng = np.random.default_rng(5)
    m, squares, cubes = (0.1 * math.exp(power * power / 2) for power in (1, 2, 3))
    variance = squares - m * m
    tail = (cubes - 3 * m * squares + 2 * m**3) / variance**1.5
    of = unplanned(0.2, metric="revenue", quota=0.1)
    row = plan(of, {"revenue": Baseline("mean", CONTROL, 1e5, m, variance, 1.0, "ok", skewness=tail)}, 5000.0).metrics[0]
    assert row["refused_as"] == "skewed" and row["needed_to_show"] < row["needed_per_variant"]

    def draw(experiment: str, variant: str, n: int, factor: float) -> dict[str, object]:
        u = np.where(rng.random(n) < 0.1, rng.lognormal(0, 1, n) * factor, 0.0) - 1
        return mean_cell(experiment, variant, "revenue", n, u.sum(), (u * u).sum(), (u**3).sum())

    assert holdout(draw, of, sizes(row["needed_to_show"], 0.1), 0.2)["skewed"] > 190
    assert holdout(draw, of, sizes(row["needed_per_variant"], 0.1), 0.2)["skewed"] < 30


def waiting(mean: float, cases: float = 20_000.0) -> Baseline:
    """Exponential times in buckets of an hour, of cases that are watched for a week."""
    start = np.arange(168.0)
    alive = cases * np.exp(-start / mean)
    events, hours = (alive * (1 - math.exp(-1 / mean)))[None, :], bucket_times(start, start + 1)
    table = TimeTable(hours * 3600, alive[None, :], events, np.array([cases]), np.array([7 * 86400.0]))
    value = mean * (1 - math.exp(-168 / mean)) * 3600
    found = Baseline("time", CONTROL, cases, value, 1.0, 1.0, "ok", table)
    known = found.times_of(1.0, math.inf, math.inf)
    return replace(found, value=float(known.value[0]), variance=float(known.variance_control[0]))


def planned_time(mean: float, shorter: float, **more: int) -> Plan:
    of = unplanned(shorter, metric="resolution_time", direction="decrease")
    return plan(replace(of, decision_window_days=7, **more), {"resolution_time": waiting(mean)}, 100.0)  # type: ignore[arg-type]


@pytest.mark.parametrize("shorter,before", [(0.25, 196), (0.35, 91)])
def test_a_time_is_planned_to_where_its_own_cases_reach(shorter: float, before: int) -> None:
    """A mean of a day in a week: 196 cases reach 54 hours, not 168. That they find the effect in four of five: `make calibrate`."""
    row = planned_time(24, shorter).metrics[0]
    assert before * 1.05 < row["needed_per_variant"] < before * 1.25
    again = planned_time(24, shorter, planned_sample_per_variant=row["needed_per_variant"]).metrics[0]
    assert again["power_at_planned"] == pytest.approx(0.8, abs=0.01)
    assert again["detectable_relative"] == pytest.approx(shorter, rel=0.02)
    fewer = planned_time(24, shorter, planned_sample_per_variant=before).metrics[0]
    assert 0.7 < fewer["power_at_planned"] < 0.78


def test_a_time_needs_cases_that_have_ended() -> None:
    """A mean of 60 h halved shows with 48 cases, of which 30 may not have ended; all but one in forty have 30 with 64."""
    told = planned_time(60, 0.5)
    row = told.metrics[0]
    assert row["refused_as"] == "few_ended" and row["needed_to_show"] < row["needed_per_variant"]
    assert "fewer than 30 cases may have ended in a variant" in told.sentence
    few = planned_time(60, 0.5, planned_sample_per_variant=row["needed_to_show"])
    assert few.is_feasible and few.prospect is None
    assert f"can reach its goal, but not with the {row['needed_to_show']} planned" in few.sentence


CASES = [(0.1, 0.1, 10.0), (0.1, 0.05, 10.0), (0.15, 0.08, 0.1), (0.1, 0.0, 0.1), (0.05, 0.1, 10.0)]


@pytest.mark.parametrize("mde,lift,harm", CASES)
def test_the_chance_of_ship_is_that_of_verdicts(mde: float, lift: float, harm: float) -> None:
    """A share of 20 % and a guardrail of 10 % that does not move, of 2,000 experiments of the sample needed."""
    of = unplanned(mde, lift)
    of = replace(of, objectives=(of.objectives[0], replace(of.objectives[1], max_harm_rollback=harm)))
    told = plan(of, {"conversion": share(0.2), "refund_rate": share(0.1)}, 1000.0)
    assert told.prospect is not None
    n, rng = told.metrics[0]["needed_per_variant"], np.random.default_rng(4)
    draws = {
        "conversion": rng.binomial(n, (0.2, 0.2 * (1 + mde)), (2000, 2)).astype(float),
        "refund_rate": rng.binomial(n, 0.1, (2000, 2)).astype(float),
    }
    found = Counter(verdict.verdict for verdict in decided(replace(of, planned_sample_per_variant=n, ended_on=date(2026, 2, 1)), n, draws))
    assert found["ship"] / 2000 == pytest.approx(told.prospect.to_ship, abs=0.05)  # 4.5 standard errors; guardrails go a little wrong too
    assert ("unlikely to end in ship" in told.sentence) == (told.prospect.to_ship < 0.5 - 1e-9)
    assert ("would be stopped as too small" in told.sentence) == (mde < lift)


def test_a_guardrail_in_the_way_is_named_with_its_day() -> None:
    of = unplanned(0.15, 0.08)
    of = replace(of, objectives=(of.objectives[0], replace(of.objectives[1], max_harm_rollback=0.1)))
    told = plan(of, {"conversion": share(0.2), "refund_rate": share(0.1)}, 1000.0)
    guard = told.metrics[1]
    assert told.is_feasible
    assert f"it takes {guard['needed_per_variant']:,} persons a variant, in on {guard['ready_on']}" in told.sentence
    assert told.prospect is not None and told.prospect.narrowest is guard
    strict = plan(replace(of, objectives=(of.objectives[0], replace(of.objectives[1], max_harm_rollback=0.0))), {
        "conversion": share(0.2), "refund_rate": share(0.1),
    }, 1000.0)  # fmt: skip
    assert strict.prospect is not None and strict.prospect.narrowest_chance == pytest.approx(0.025)
    assert "for no harm at all is allowed" in strict.sentence
    without = plan(of, {"conversion": share(0.2)}, 1000.0)
    assert "Left out for want of a usable baseline: refund_rate." in without.sentence
