"""A small part of `make calibrate`, and whether its judgement can fail."""

from __future__ import annotations

import numpy as np
import pytest
from calibration.__main__ import failing, run
from calibration.cells import POWER, Cell, cell, misses
from calibration.families import FAMILIES
from calibration.table import written


def found(wrong: int, counted: int = 10_000, nominal: float = 0.05, **more: object) -> Cell:
    return Cell("m", "p", "c", nominal, 10_000, counted, counted, wrong, wrong, **more)  # type: ignore[arg-type]


def test_a_cell_fails_beyond_three_standard_errors() -> None:
    """√(0.05 × 0.95 / 10,000) = 0.218 %; one cell may go up to 5.65 %, one of 400 a little further."""
    assert found(560).outcome(1) == "ok"
    assert found(575).outcome(1) == "FAILS"
    assert found(575).outcome(400) == "ok"
    assert found(610).outcome(400) == "FAILS"
    assert found(200).outcome(1) == "conservative"
    assert found(0, counted=0).outcome(1) == "warned"
    assert found(7700, nominal=0.8, kind=POWER).outcome(1) == "FAILS" and found(7900, nominal=0.8, kind=POWER).outcome(1) == "ok"


def test_only_results_without_a_warning_are_judged() -> None:
    status = np.array(["ok", "ok", "skewed", "zero_variance"], dtype=object)
    wrong = np.array([True, False, True, False])
    judged = cell("m", "p", "c", 0.05, wrong, status=status, shown=status != "zero_variance")
    assert (judged.experiments, judged.shown, judged.counted, judged.wrong, judged.wrong_shown) == (4, 3, 2, 1, 2)


def test_an_interval_that_is_not_there_misses_nothing() -> None:
    low, high = np.array([np.nan, 1.0, -1.0]), np.array([np.nan, 2.0, 1.0])
    assert misses(low, high, 0.0).tolist() == [False, True, False]


QUICK = ("multiplicity", "repeated_intervals", "planned", "planned_looks", "planned_times", "worth")


@pytest.mark.parametrize("family", QUICK)
def test_promises_are_kept(family: str) -> None:
    cells = run(family, 10_000, seed=1)
    assert cells and not failing(cells), [(one.corner, one.rate) for one in failing(cells)]


def test_a_family_is_the_same_whatever_ran_before() -> None:
    assert run("planned_looks", 500, seed=3) == run("planned_looks", 500, seed=3) != run("planned_looks", 500, seed=4)


def test_the_page_names_what_fails() -> None:
    page = written([found(700), found(500)], 10_000, 1)
    assert "2 cells, 1 fail" in page and "FAILS" in page and set(QUICK) <= set(FAMILIES)
