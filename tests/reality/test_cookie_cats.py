"""A mobile game (90,189 players): the first gate at level 30 or at level 40; who came back, and how many rounds were played."""

from typing import Any

import duckdb
import pytest
from arms import design_of, mean_measures, named_mean, named_share, result_of, results_of, share_measures
from public_data import NOTHING_WRONG, agree, build, rows, unaccounted, value

from python_stats.analysis import split_of
from python_stats.estimators.split import Split
from python_stats.verdicts import INVALID, decide

DATA_SET = "cookie_cats"

ASSERTED = [
    "rows",
    "duplicate_users",
    *share_measures("retention_1"),
    *share_measures("retention_7"),
    "srm_50_50.chi2",
    "srm_50_50.p",
    "srm_50_50.flag_at_0.01",
    "srm_50_50.flag_at_0.001",
    *mean_measures("sum_gamerounds"),
    *mean_measures("sum_gamerounds_without_the_49854_outlier"),
]
WITHOUT_A_PLACE = {
    "retention_?.z": "the pooled z of a share: the product tests shares by Welch's t, as its specification says",
    "retention_?.p": "the pooled z's p-value, likewise",
    "*.rel_ci_low": "Katz's interval of a ratio of shares: the product's relative interval is Fieller's",
    "*.rel_ci_high": "Katz's interval of a ratio of shares: the product's relative interval is Fieller's",
    "winsor_cap_p99.9": "no metric is capped yet",
    "sum_gamerounds_winsorised_p99.9.*": "no metric is capped yet",
    "sum_gamerounds.mannwhitney_p": "a rank test needs the persons' values: the product keeps sums",
    "retention_7.bayes_p_treatment_better": "the product has no Bayesian estimator",
}


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """The game's marts."""
    folder = tmp_path_factory.mktemp("cookie_cats")
    return build(folder, "cookie_cats", "cookie_cats.csv.gz", {"user_segments": ["play"]})


def _split(warehouse: duckdb.DuckDBPyConnection) -> Split:
    traffic = rows(warehouse, "select * from experiment_traffic where experiment_id = 'gate_and_day_7'")
    return split_of(design_of(warehouse, "gate_and_day_7"), traffic)


@pytest.fixture(scope="module")
def found(warehouse: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Measure -> what the marts and the analysis say."""
    day_1, day_7 = design_of(warehouse, "gate_and_day_1"), design_of(warehouse, "gate_and_day_7")
    (users,) = rows(warehouse, "select * from source_audit where source_table = 'users'")
    split = _split(warehouse)
    assert split.p_value is not None
    return {
        "rows": users["rows_accepted"],
        "duplicate_users": users["rows_duplicate"],
        **named_share("retention_1", result_of(warehouse, day_1, "conversion")),
        **named_share("retention_7", result_of(warehouse, day_7, "conversion")),
        "srm_50_50.chi2": split.chi_square,
        "srm_50_50.p": split.p_value,
        "srm_50_50.flag_at_0.01": split.p_value < 0.01,
        "srm_50_50.flag_at_0.001": not split.is_sound,
        **named_mean("sum_gamerounds", result_of(warehouse, day_7, "revenue")),
        **named_mean("sum_gamerounds_without_the_49854_outlier", result_of(warehouse, day_7, "revenue", "play=ordinary")),
    }


@pytest.mark.parametrize("measure", ASSERTED)
def test_measure(measure: str, found: dict[str, Any]) -> None:
    agree(DATA_SET, measure, found[measure])


def test_every_measure_is_accounted_for() -> None:
    assert unaccounted(DATA_SET, ASSERTED, WITHOUT_A_PLACE) == NOTHING_WRONG


def test_a_doubtful_split_is_shown_and_raises_no_alarm(warehouse: duckdb.DuckDBPyConnection) -> None:
    """p = 0.0086: below 0.01, above the alarm at 0.001. The verdict is not `invalid`, and the p-value is there to be read."""
    design, split = design_of(warehouse, "gate_and_day_7"), _split(warehouse)
    assert (split.is_sound, split.status, split.df) == (True, "ok", 1)
    assert split.p_value is not None
    verdict = decide(design, results_of(warehouse, design), split, value(warehouse, "select as_of from as_of"))
    assert verdict.verdict != INVALID


def test_an_outlier_alone_in_its_segment_gets_no_estimate(warehouse: duckdb.DuckDBPyConnection) -> None:
    result = result_of(warehouse, design_of(warehouse, "gate_and_day_7"), "revenue", "play=outlier")
    assert result["effect"] is None
    assert result["status"] != "ok"
