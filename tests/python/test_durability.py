"""`experiment_durability`: windows side by side, in words of what is good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
import yaml
from click.testing import CliRunner
from test_verdicts import design

from python_stats.analysis.durability import course_of, durability
from python_stats.cli import main
from python_stats.designs import Objective
from python_stats.estimators.cuped import Arm, covariance_of_means
from python_stats.estimators.durability import change_of_lift
from python_stats.estimators.shares import sample_of_shares

ZERO = dict.fromkeys("pivot_y pivot_d pivot_x pivot_z sum_d sum_z sum_dd sum_zz sum_yd sum_yz sum_dx sum_dz sum_xz".split(), 0.0)


def cell(variant: str, persons: int, early: int, late: int, earlier: str = "7", later: str = "30", **more: Any) -> dict[str, Any]:
    """A share: whoever converted early has converted later, too."""
    return {
        **ZERO,
        "experiment_id": "e",
        "variant_id": variant,
        "metric_id": "conversion",
        "metric_window": later,
        "earlier_window": earlier,
        "metric_kind": "share",
        "persons": persons,
        "numerator": float(late),
        "denominator": None,
        "sum_y": float(late),
        "sum_x": float(early),
        "sum_yy": float(late),
        "sum_xx": float(early),
        "sum_yx": float(early),
        **more,
    }


def found(*cells: dict[str, Any], direction: str = "increase", results: Sequence[dict[str, Any]] = ()) -> dict[tuple[str, str], dict[str, Any]]:
    plan = design()
    aims = tuple(replace(aim, good_direction=direction) if aim.metric_id == "conversion" else aim for aim in plan.objectives)
    rows = durability([replace(plan, objectives=aims)], cells, results)
    return {(row["earlier_window"], row["later_window"]): row for row in rows if row["metric_id"] == "conversion"}


def test_a_fading_effect_is_called_fading() -> None:
    """+30 % in the first week, +4 % over the month: a quarter of the lift's points are gone."""
    rows = found(cell("old", 20_000, 2_000, 5_000), cell("new", 20_000, 2_600, 5_200))
    row = rows["7", "30"]
    assert (row["relative_effect_earlier"], row["relative_effect_later"]) == (pytest.approx(0.3), pytest.approx(0.04))
    assert (row["status"], row["direction"], row["change"]) == ("ok", "fades", pytest.approx(-0.26))
    assert row["ci_low"] < -0.26 < row["ci_high"] < 0
    assert (row["n_control"], row["n_variant"]) == (20_000, 20_000)
    assert rows["30", "90"]["status"] == rows["7", "90"]["status"] == "missing_metric"


def test_what_is_good_decides_what_grows() -> None:
    """A rate that should fall and is 30 % higher at first, 4 % later: what is good grows."""
    assert (
        found(cell("old", 20_000, 2_000, 5_000), cell("new", 20_000, 2_600, 5_200), direction="decrease")["7", "30"]["direction"] == "grows"
    )


def test_what_cannot_be_told_is_open() -> None:
    row = found(cell("old", 1_000, 100, 250), cell("new", 1_000, 110, 270))["7", "30"]
    assert (row["status"], row["direction"]) == ("ok", "open")
    assert row["ci_low"] < 0 < row["ci_high"]


def test_windows_of_a_metric_share_its_error_rate() -> None:
    """Three pairs of windows: each is read at a third of alpha, and a change that one pair alone would establish is open."""
    one = (cell("old", 20_000, 2_000, 5_000), cell("new", 20_000, 2_220, 5_250))
    alone = found(*one)["7", "30"]
    assert alone["nominal_alpha"] == alone["alpha"] == 0.05 and alone["direction"] == "fades" and 0.05 / 3 < alone["p_value"] < 0.05
    others = [cell(arm, 20_000, 5_000, 5_100, earlier, "90") for earlier in ("7", "30") for arm in ("old", "new")]
    among = found(*one, *others)["7", "30"]
    assert among["nominal_alpha"] == pytest.approx(0.05 / 3) and among["direction"] == "open"
    assert among["p_value"] == alone["p_value"] and among["ci_low"] < 0 < among["ci_high"]


def test_a_watched_experiment_shows_no_change_before_its_look_and_none_less_strictly() -> None:
    cells = (cell("old", 20_000, 2_000, 5_000), cell("new", 20_000, 2_600, 5_200))
    primary = {"experiment_id": "e", "variant_id": "new", "role": "primary", "is_decision": True, "nominal_alpha": 0.05}
    early = found(*cells, results=[{**primary, "status": "before_first_look"}])["7", "30"]
    assert (early["status"], early["direction"], early["change"]) == ("before_first_look", "open", None)
    plain, strict = found(*cells)["7", "30"], found(*cells, results=[{**primary, "status": "ok", "nominal_alpha": 1e-5}])["7", "30"]
    assert strict["nominal_alpha"] == 1e-5 and strict["ci_low"] < plain["ci_low"] < plain["ci_high"] < strict["ci_high"]


@pytest.mark.parametrize(("control", "variant", "late"), [(1000, 100, 0.01), (100, 1000, 0.01), (2000, 200, 0.003), (2000, 2000, 0.003)])
def test_nothing_fades_where_few_come_late(control: int, variant: int, late: float) -> None:
    """A fifth come in the first week of either arm, hardly anybody afterwards: 5 % false alarms are promised.

    Of a small arm often nobody comes late; taken at its word, it made 40 % of these experiments fade.
    """
    rng, runs, arms = np.random.default_rng(7), 1500, []
    for persons in (control, variant):
        n = np.full(runs, float(persons))
        early = rng.binomial(persons, 0.2, runs).astype(float)
        later = early + rng.binomial(persons - early.astype(int), late)
        none = np.zeros(runs)
        samples = [sample_of_shares(n, none, total, total) for total in (later, early)]
        arms.append(Arm(*samples, covariance_of_means(n, later, early, early)))
    changes = change_of_lift(*arms, np.full(runs, 0.05))
    alarms = (changes.status == "ok") & (changes.p_value < 0.05)
    assert alarms.mean() < 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)


@pytest.mark.parametrize(
    ("cells", "status"),
    [
        ((cell("old", 0, 0, 0), cell("new", 0, 0, 0)), "no_persons"),
        ((cell("old", 100, 20, 30),), "missing_variant"),
        ((cell("old", 100, 0, 0), cell("new", 100, 10, 20)), "unbounded"),
        ((), "missing_metric"),
    ],
)
def test_no_change_has_a_status(cells: tuple[dict[str, Any], ...], status: str) -> None:
    row = found(*cells)["7", "30"]
    assert (row["status"], row["direction"], row["p_value"]) == (status, "open", None)


def test_times_are_not_comparable_between_windows() -> None:
    plan = replace(design(), objectives=(Objective("resolution_time", "primary", "decrease", 0.1, 0.05, 0.05),))
    assert {row["status"] for row in durability([plan], [], [])} == {"not_comparable"}


def test_the_table_is_written_from_the_columns_that_the_mart_declares(project: Path) -> None:
    """The mart has no sums of cubes: what is read of it is what its contract has."""
    text = (Path(__file__).resolve().parents[2] / "models" / "experiments" / "_windows.yml").read_text(encoding="utf-8")
    declared = next(model for model in yaml.safe_load(text)["models"] if model["name"] == "experiment_window_stats")["columns"]
    types = {column["name"]: column["data_type"].replace("string", "varchar") for column in declared}
    kinds = {name: "double" if "double" in kind else kind for name, kind in types.items()}
    rows = [{**row, "experiment_id": "winner"} for row in (cell("old", 20_000, 2_000, 5_000), cell("new", 20_000, 2_600, 5_200))]
    with duckdb.connect(str(project / "w.duckdb")) as connection:
        connection.execute(f"create table experiment_window_stats ({', '.join(f'{name} {kind}' for name, kind in kinds.items())})")
        marks = ", ".join("?" * len(kinds))
        connection.executemany(f"insert into experiment_window_stats values ({marks})", [[row[name] for name in kinds] for row in rows])
    result = CliRunner().invoke(main, ["analyze"])
    assert result.exit_code == 0, result.output
    with duckdb.connect(str(project / "w.duckdb"), read_only=True) as connection:
        found = connection.execute(
            "select direction, n_control from experiment_durability where experiment_id = 'winner' and metric_id = 'conversion' and status = 'ok'"
        ).fetchall()
    assert found == [("fades", 20_000)]


@pytest.mark.parametrize("direction", ["increase", "decrease"])
def test_a_rise_that_grows_grows_whether_it_is_good_or_bad(direction: str) -> None:
    """4 % more at first, 30 % more later: the direction turns with what is good, what the effect itself does stays."""
    row = found(cell("old", 20_000, 5_000, 5_000), cell("new", 20_000, 5_200, 6_500), direction=direction)["7", "30"]
    assert row["direction"] == ("grows" if direction == "increase" else "fades")
    assert course_of(row) == "grows"
