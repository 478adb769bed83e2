"""Udacity's free-trial screener: daily counts by arm, straight into the estimators as sufficient statistics.

Clicks are known for 37 days, enrolments and payments for the first 23 only: a rate over clicks must take both from the same days.
"""

import csv
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from public_data import NOTHING_WRONG, agree, expected_value, public_file, unaccounted

from python_stats.estimators.comparison import compare
from python_stats.estimators.moments import sample_of_means
from python_stats.estimators.shares import newcombe
from python_stats.estimators.split import sample_ratio

DATA_SET = "free_trial_screener"
ALPHA = np.array([0.05])
ARMS = {"control": "control", "treatment": "experiment"}

Day = dict[str, str]
# metric -> (numerator, denominator); all but the first over the days on which outcomes are known
METRICS = {
    "click_through": ("Clicks", "Pageviews"),
    "gross_conversion": ("Enrollments", "Clicks"),
    "net_conversion": ("Payments", "Clicks"),
    "retention": ("Payments", "Enrollments"),
}
FIELDS = ("diff", "ci_low", "ci_high", "newcombe_low", "newcombe_high", "rel_lift")
BEYOND = ("retention.ci_low", "retention.ci_high")
TRAP = "trap.gross_conversion_diff_with_all_37_days_of_clicks"

ASSERTED = [
    "days",
    "days_with_outcome",
    *[f"sanity.{count}.{field}" for count in ("Pageviews", "Clicks") for field in ("control", "experiment", "share_control", "p")],
    *[
        measure
        for metric in METRICS
        for measure in (
            *[f"{metric}.{field}_{arm}" for field in ("n", "x", "rate") for arm in ARMS],
            *[f"{metric}.{field}" for field in FIELDS],
        )
        if measure not in BEYOND
    ],
    "friction.enrolments_per_1000_clicks_lost",
    "friction.payments_per_1000_clicks_lost",
]
WITHOUT_A_PLACE = {
    TRAP: "a trap: what a mixture of windows gives (test_windows_are_not_mixed)",
    "sanity.*.band_*": "the band of a binomial share around one half: the product tests the split by chi-square, whose p is the same",
    "*.z": "the pooled z of a share: the product tests shares by Welch's t, as its specification says",
    **{f"{metric}.p": "the pooled z's p-value, likewise" for metric in METRICS},
    "*.rel_ci_low": "Katz's interval of a ratio of shares: the product's relative interval is Fieller's",
    "*.rel_ci_high": "Katz's interval of a ratio of shares: the product's relative interval is Fieller's",
    **dict.fromkeys(BEYOND, "Wald's interval: Welch's (n − 1, Student's t) lies 7.1e-6 away at some 3,500 persons"),
    "*.sign_test_*": "the product has no sign test over days",
}


@pytest.fixture(scope="module")
def days() -> list[Day]:
    """The file's rows: one per arm and day."""
    with public_file("free_trial_screener.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _every_day(_: Day) -> bool:
    return True


def _has_outcome(day: Day) -> bool:
    return day["Enrollments"] != ""


def _total(days: list[Day], arm: str, column: str, keep: Callable[[Day], bool] = _every_day) -> float:
    return sum(float(day[column]) for day in days if day["group"] == arm and keep(day))


def _compared(n: dict[str, float], x: dict[str, float]) -> dict[str, Any]:
    """Two arms of 0 and 1: Σy = Σy² = x, pivot 0."""
    zero = np.zeros(1)
    control, variant = (
        sample_of_means(np.array([n[arm]]), zero, np.array([x[arm]]), np.array([x[arm]])) for arm in ("control", "treatment")
    )
    result = compare(control, variant, ALPHA)
    successes, persons = ({arm: np.array([count[arm]]) for arm in ARMS} for count in (x, n))
    low, high = newcombe(successes["control"], persons["control"], successes["treatment"], persons["treatment"], ALPHA)
    return {
        "rate_control": float(control.value[0]),
        "rate_treatment": float(variant.value[0]),
        "diff": float(result.effect[0]),
        "ci_low": float(result.ci_low[0]),
        "ci_high": float(result.ci_high[0]),
        "newcombe_low": float(low[0]),
        "newcombe_high": float(high[0]),
        "rel_lift": float(result.relative[0]),
    }


@pytest.fixture(scope="module")
def found(days: list[Day]) -> dict[str, Any]:
    """Measure -> what the estimators say."""
    results: dict[str, Any] = {
        "days": len({day["Date"] for day in days}),
        "days_with_outcome": len({day["Date"] for day in days if _has_outcome(day)}),
    }
    for count in ("Pageviews", "Clicks"):
        control, experiment = (_total(days, arm, count) for arm in ("control", "experiment"))
        split = sample_ratio(np.array([control, experiment]), np.array([0.5, 0.5]))
        assert split.is_sound
        results |= {
            f"sanity.{count}.control": control,
            f"sanity.{count}.experiment": experiment,
            f"sanity.{count}.share_control": control / (control + experiment),
            f"sanity.{count}.p": split.p_value,
        }
    for metric, (numerator, denominator) in METRICS.items():
        keep = _every_day if metric == "click_through" else _has_outcome
        n = {name: _total(days, arm, denominator, keep) for name, arm in ARMS.items()}
        x = {name: _total(days, arm, numerator, keep) for name, arm in ARMS.items()}
        compared = _compared(n, x)
        results |= {f"{metric}.n_{name}": n[name] for name in ARMS} | {f"{metric}.x_{name}": x[name] for name in ARMS}
        results |= {f"{metric}.{field}": number for field, number in compared.items()}
    return {
        **results,
        "friction.enrolments_per_1000_clicks_lost": -1000 * results["gross_conversion.diff"],
        "friction.payments_per_1000_clicks_lost": -1000 * results["net_conversion.diff"],
    }


@pytest.mark.parametrize("measure", ASSERTED)
def test_measure(measure: str, found: dict[str, Any]) -> None:
    agree(DATA_SET, measure, found[measure])


def test_every_measure_is_accounted_for() -> None:
    assert unaccounted(DATA_SET, ASSERTED, WITHOUT_A_PLACE) == NOTHING_WRONG


def test_windows_are_not_mixed(days: list[Day], found: dict[str, Any]) -> None:
    """Enrolments of 23 days over clicks of 37 give another number, and it is not ours."""
    x = {name: sum(float(day["Enrollments"] or 0) for day in days if day["group"] == arm) for name, arm in ARMS.items()}
    mixed = _compared({name: _total(days, arm, "Clicks") for name, arm in ARMS.items()}, x)
    agree(DATA_SET, TRAP, mixed["diff"])
    assert abs(found["gross_conversion.diff"] - expected_value(DATA_SET, TRAP)) > 0.005


def test_what_the_experiment_taught(found: dict[str, Any]) -> None:
    """Fewer sign-ups, established; fewer payments, not distinguishable from none."""
    assert found["gross_conversion.ci_high"] < 0
    assert found["net_conversion.ci_low"] < 0 < found["net_conversion.ci_high"]
