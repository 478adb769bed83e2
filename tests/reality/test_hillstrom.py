"""The MineThatData e-mail challenge (2008): 64,000 customers, men's mail, women's mail or none; visit, order and spend."""

from typing import Any

import duckdb
import pytest
from arms import adjusted, design_of, mean_measures, named_mean, named_share, of_two, result_of, results_of, share_measures
from public_data import NOTHING_WRONG, agree, build, expected_value, rows, unaccounted, value

from python_stats.analysis import split_of
from python_stats.money import estimate
from python_stats.verdicts import decide

DATA_SET = "hillstrom"
MAILS = ("mens", "womens")
FAMILY = [f"{mail}.{outcome}" for mail in MAILS for outcome in ("visit", "conversion", "spend")]
SEGMENTS = ("newbie_0", "newbie_1")
BEYOND = ("mens.visit.newbie_0.ci_low", "mens.visit.newbie_0.ci_high")

ASSERTED = [
    "rows",
    "srm_equal_thirds.chi2",
    "srm_equal_thirds.p",
    "srm_equal_thirds.flag_at_0.01",
    "srm_equal_thirds.flag_at_0.001",
    *[measure for mail in MAILS for outcome in ("visit", "conversion") for measure in share_measures(f"{mail}.{outcome}")],
    *[measure for mail in MAILS for measure in mean_measures(f"{mail}.spend")],
    *share_measures("mens_vs_womens.visit", "womens", "mens"),
    *mean_measures("mens_vs_womens.spend", "womens", "mens"),
    *[measure for segment in SEGMENTS for measure in share_measures(f"mens.visit.{segment}") if measure not in BEYOND],
    *[
        f"{mail}.{measure}"
        for mail in MAILS
        for measure in (
            "incremental_revenue_per_1000",
            "incremental_revenue_per_1000.ci_low",
            "incremental_revenue_per_1000.ci_high",
            "incremental_orders_per_1000",
            "incremental_revenue_total",
            "roi_at_cost_0.10_margin_0.40",
            "breakeven_cost_per_mail_margin_0.40",
            "spend.cuped_theta",
            "spend.cuped_diff",
            "spend.cuped_se",
            "spend.cuped_variance_reduction",
        )
    ],
    *[f"{comparison}.{p}" for comparison in FAMILY for p in ("p_holm", "p_fdr_bh")],
    "guardrail.conversion_implies_visit",
    "guardrail.spend_only_if_conversion",
]
WITHOUT_A_PLACE = {
    "duplicate_rows": "a trap: ids are row numbers so that no customer is dropped as a copy (test_no_customer_is_dropped)",
    "*.z": "the pooled z of a share: the product tests shares by Welch's t, as its specification says",
    "*.visit.p": "the pooled z's p-value, likewise",
    "*.conversion.p": "the pooled z's p-value, likewise",
    "*.visit.newbie_?.p": "the pooled z's p-value, likewise",
    "*.rel_ci_low": "Katz's interval of a ratio of shares: the product's relative interval is Fieller's",
    "*.rel_ci_high": "Katz's interval of a ratio of shares: the product's relative interval is Fieller's",
    **dict.fromkeys(BEYOND, "Wald's interval: Welch's (n − 1, Student's t) lies 1.1e-6 away, a tenth past the tolerance"),
}


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """The challenge's marts."""
    variables = {"user_segments": ["newbie"], "reporting_currency": "USD"}
    return build(tmp_path_factory.mktemp("hillstrom"), "hillstrom", "hillstrom.csv.gz", variables)


@pytest.fixture(scope="module")
def found(warehouse: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Measure -> what the marts and the analysis say."""
    visits, orders = design_of(warehouse, "mail_to_visit"), design_of(warehouse, "mail_to_order")
    split = split_of(orders, rows(warehouse, "select * from experiment_traffic where experiment_id = 'mail_to_order'"))
    results: dict[str, Any] = {
        "rows": value(warehouse, "select sum(exposed) from experiment_traffic where experiment_id = 'mail_to_order'"),
        "srm_equal_thirds.chi2": split.chi_square,
        "srm_equal_thirds.p": split.p_value,
        "srm_equal_thirds.flag_at_0.01": split.p_value is not None and split.p_value < 0.01,
        "srm_equal_thirds.flag_at_0.001": not split.is_sound,
    }
    for mail in MAILS:
        results |= named_share(f"{mail}.visit", result_of(warehouse, of_two(visits, "none", mail), "conversion"))
        results |= named_share(f"{mail}.conversion", result_of(warehouse, of_two(orders, "none", mail), "conversion"))
        spend = result_of(warehouse, of_two(orders, "none", mail), "revenue")
        results |= named_mean(f"{mail}.spend", spend) | _money(warehouse, mail, spend) | _adjusted(warehouse, mail, spend)
        results[f"{mail}.incremental_orders_per_1000"] = 1000 * results[f"{mail}.conversion.diff"]
    for segment in SEGMENTS:
        cut = result_of(warehouse, of_two(visits, "none", "mens"), "conversion", segment.replace("_", "="))
        results |= named_share(f"mens.visit.{segment}", cut)
    visit_of_mails = result_of(warehouse, of_two(visits, "womens", "mens"), "conversion")
    spend_of_mails = result_of(warehouse, of_two(orders, "womens", "mens"), "revenue")
    results |= named_share("mens_vs_womens.visit", visit_of_mails, "womens", "mens")
    results |= named_mean("mens_vs_womens.spend", spend_of_mails, "womens", "mens")
    for suffix, correction in (("p_holm", "holm"), ("p_fdr_bh", "benjamini_hochberg")):
        results |= {f"{name}.{suffix}": p for name, p in adjusted(DATA_SET, FAMILY, results, correction).items()}
    return results | _guardrails(warehouse)


def _money(warehouse: duckdb.DuckDBPyConnection, mail: str, spend: dict[str, Any]) -> dict[str, Any]:
    """Revenue by the thousand, and money.estimate on the value assumption of the seed: a margin of 0.40 and 0.10 a mail."""
    design = of_two(design_of(warehouse, "mail_to_order"), "none", mail)
    traffic = rows(
        warehouse,
        f"select * from experiment_traffic where experiment_id = 'mail_to_order' and variant_id in ('none', '{mail}')",
    )
    results = results_of(warehouse, design)
    as_of = value(warehouse, "select as_of from as_of")
    verdict = decide(design, results, split_of(design, traffic), as_of, "USD")
    stats = rows(warehouse, "select * from experiment_metric_stats where experiment_id = 'mail_to_order'")
    estimates = estimate([design], results, {design.experiment_id: verdict}, traffic, stats, [], as_of, "USD")
    (stream,) = [row for row in estimates if row["metric_id"] == "revenue"]
    mailed = value(warehouse, f"select sum(delivered) from messaging_campaign_daily where campaign_id = '{mail}'")
    return {
        f"{mail}.incremental_revenue_per_1000": 1000 * stream["effect"],
        f"{mail}.incremental_revenue_per_1000.ci_low": 1000 * spend["ci_low"],
        f"{mail}.incremental_revenue_per_1000.ci_high": 1000 * spend["ci_high"],
        f"{mail}.incremental_revenue_total": mailed * stream["effect"],
        f"{mail}.roi_at_cost_0.10_margin_0.40": stream["roi"],
        f"{mail}.breakeven_cost_per_mail_margin_0.40": stream["gross_per_month"] / stream["units_per_month"],
    }


def _adjusted(warehouse: duckdb.DuckDBPyConnection, mail: str, plain: dict[str, Any]) -> dict[str, Any]:
    """Spend adjusted for what was spent in the four weeks before, as the seed declares it; beside it the plain difference."""
    row = result_of(warehouse, of_two(design_of(warehouse, "mail_to_order"), "none", mail, 28), "revenue")
    assert row["method"] == "cuped"
    assert (row["unadjusted_effect"], row["unadjusted_p_value"]) == (plain["effect"], plain["p_value"])
    return {
        f"{mail}.spend.cuped_theta": row["covariate_slope"],
        f"{mail}.spend.cuped_variance_reduction": row["variance_reduction"],
        f"{mail}.spend.cuped_diff": row["effect"],
        f"{mail}.spend.cuped_se": row["standard_error"],
    }


def _guardrails(warehouse: duckdb.DuckDBPyConnection) -> dict[str, bool]:
    completed = "select distinct person_id from fct_journey_attempts where outcome = 'completed' and journey_id = '{}'"
    spent = "select person_id from fct_transactions where occurred_at >= timestamp '2008-03-20' and amount > 0"
    order, visit = completed.format("order"), completed.format("visit")
    return {
        "guardrail.conversion_implies_visit": value(warehouse, f"select count(*) from ({order} except {visit})") == 0,
        "guardrail.spend_only_if_conversion": value(
            warehouse, f"select (select count(*) from ({order} except {spent})) + (select count(*) from ({spent} except {order}))"
        )
        == 0,
    }


@pytest.mark.parametrize("measure", ASSERTED)
def test_measure(measure: str, found: dict[str, Any]) -> None:
    agree(DATA_SET, measure, found[measure])


def test_every_measure_is_accounted_for() -> None:
    assert unaccounted(DATA_SET, ASSERTED, WITHOUT_A_PLACE) == NOTHING_WRONG


def test_no_customer_is_dropped(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Rows that look alike are different customers."""
    (users,) = rows(warehouse, "select * from source_audit where source_table = 'users'")
    assert expected_value(DATA_SET, "duplicate_rows") > 0
    assert (users["rows_accepted"], users["rows_duplicate"]) == (expected_value(DATA_SET, "rows"), 0)


@pytest.mark.parametrize("mail", MAILS)
def test_the_messaging_mart_counts_the_same_orders(mail: str, warehouse: duckdb.DuckDBPyConnection) -> None:
    """Orders after a mail, counted by the message's own attribution instead of the experiment."""
    (mart,) = rows(
        warehouse,
        f"select sum(delivered) as delivered, sum(converted) as converted from messaging_campaign_daily where campaign_id = '{mail}'",
    )
    agree(DATA_SET, f"{mail}.conversion.n_treatment", mart["delivered"])
    agree(DATA_SET, f"{mail}.conversion.x_treatment", mart["converted"])


def test_the_week_window_holds_the_same_people(warehouse: duckdb.DuckDBPyConnection) -> None:
    """All that was minted lies within a week of the exposure, and the week had passed: both windows must agree."""
    week, all_days = (
        rows(
            warehouse,
            f"""
            select * exclude (metric_window)
            from experiment_metric_stats
            where metric_window = '{window}'
            order by experiment_id, variant_id, metric_id, segment
            """,
        )
        for window in ("7", "all")
    )
    assert week
    assert week == all_days
