"""A shop's clickstream with planted faults: the friction marts must count what is there and point at what was planted.

Journeys of this data set (ecom/seeds): `checkout`, as a shop would declare it; `whole_shop`, in which every page is a step, so that
every session and every transition can be counted; `ask_for_help`, from an error to the support chat; `take_a_product`.
"""

from typing import Any

import duckdb
import pytest
from public_data import NOTHING_WRONG, agree, build, expected_value, rows, unaccounted, value

DATA_SET = "rete_ecom"
BUG = "day >= date '2024-04-09' and day < date '2024-05-10'"
INCIDENT = "day >= date '2024-05-19' and day < date '2024-06-08'"

PAGES = ("product_view", "add_to_cart", "cart", "shipping_details", "payment_details", "purchase")
GROUPS = {
    "bug_window_mobile": f"platform = 'mobile' and {BUG}",
    "bug_window_desktop": f"platform = 'desktop' and {BUG}",
    "other_time_mobile": f"platform = 'mobile' and not ({BUG})",
}
PERIODS = {"incident": INCIDENT, "other": f"not ({INCIDENT})"}

ASSERTED = [
    "events",
    "users",
    "sessions",
    *[f"sessions_with.{page}" for page in PAGES],
    "sessions_with_support_chat",
    "ordered_funnel_sessions.product_view",
    "ordered_funnel_sessions.add_to_cart",
    *[f"planted_checkout_bug.{group}.payment_over_shipping" for group in GROUPS],
    *[f"planted_checkout_bug.{group}.shipping_sessions" for group in GROUPS],
    *[f"planted_payment_incident.{period}.purchase_over_payment" for period in PERIODS],
    *[f"planted_payment_incident.{period}.support_chat_per_100_payment_sessions" for period in PERIODS],
    *[f"planted_payment_incident.{period}.payment_error_events" for period in PERIODS],
    "loop.shipping_details->add_to_cart",
    "error_to_support_chat.sessions",
    "error_to_support_chat.median_seconds",
]
WITHOUT_A_PLACE = {
    "synthetic": "a remark on the data",
    **{
        f"ordered_funnel_sessions.{page}": "no mart holds a chain of three or more pages in strict order with others between"
        for page in ("cart", "shipping_details", "payment_details", "purchase")
    },
}

# One row per session and step entered in it: fct_step_attempts, laid into fct_sessions.
ENTERED = """
    select
        sessions.session_id,
        cast(sessions.started_at as date) as day,
        json_extract_string(steps.dimensions, '$.platform') as platform,
        steps.step_id,
        bool_or(steps.is_completed) as is_completed,
        min(steps.first_entered_at) as first_entered_at,
        min(steps.seconds_to_complete) as seconds_to_complete
    from fct_step_attempts as steps
    inner join fct_sessions as sessions
        on
            steps.person_id = sessions.person_id
            and steps.first_entered_at between sessions.started_at and sessions.ended_at
    where steps.journey_id = '{journey}'
    group by all
"""


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """The shop's marts."""
    folder = tmp_path_factory.mktemp("ecom")
    return build(folder, "ecom", "retentioneering_ecom.csv.gz", {"event_dimensions": ["platform"]})


@pytest.fixture(scope="module")
def found(warehouse: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Measure -> what the marts say."""
    results: dict[str, Any] = {
        "events": value(warehouse, "select rows_accepted from source_audit where source_table = 'events'")
        - value(warehouse, "select count(*) from stg_events where event_id like '%minted'"),
        "users": value(warehouse, "select count(distinct person_id) from fct_sessions"),
        "sessions": value(warehouse, "select count(*) from fct_sessions"),
        "loop.shipping_details->add_to_cart": value(
            warehouse,
            "select sum(backtracks) from friction_step_daily where journey_id = 'whole_shop' and step_id = 'add_to_cart'",
        ),
    }
    with_page = _sessions(warehouse)
    results |= {f"sessions_with.{page}": with_page[page] for page in PAGES}
    results["sessions_with_support_chat"] = with_page["support_chat"]
    results["ordered_funnel_sessions.product_view"] = with_page["product_view"]
    results["ordered_funnel_sessions.add_to_cart"] = _sessions(warehouse, "is_completed", "take_a_product")["product_view"]
    for group, condition in GROUPS.items():
        planted = _sessions(warehouse, condition)
        results[f"planted_checkout_bug.{group}.shipping_sessions"] = planted["shipping_details"]
        results[f"planted_checkout_bug.{group}.payment_over_shipping"] = _share(warehouse, condition, "shipping_details", "payment_details")
    for period, condition in PERIODS.items():
        planted = _sessions(warehouse, condition)
        name = f"planted_payment_incident.{period}"
        results[f"{name}.purchase_over_payment"] = _share(warehouse, condition, "payment_details", "purchase")
        results[f"{name}.support_chat_per_100_payment_sessions"] = 100 * planted["support_chat"] / planted["payment_details"]
        results[f"{name}.payment_error_events"] = value(
            warehouse, f"select sum(errors) from friction_step_daily where journey_id = 'whole_shop' and {condition}"
        )
    (asked,) = rows(warehouse, _asked_after_the_error())
    return {
        **results,
        "error_to_support_chat.sessions": asked["sessions"],
        "error_to_support_chat.median_seconds": asked["median_seconds"],
    }


def _sessions(warehouse: duckdb.DuckDBPyConnection, condition: str = "true", journey: str = "whole_shop") -> dict[str, int]:
    """Sessions in which each step was entered."""
    query = f"select step_id, count(distinct session_id) as sessions from ({ENTERED.format(journey=journey)}) where {condition}"
    return {row["step_id"]: row["sessions"] for row in rows(warehouse, query + " group by step_id")}


def _share(warehouse: duckdb.DuckDBPyConnection, condition: str, page: str, other: str) -> float:
    """Of the sessions with a page, those with the other one as well."""
    entered = f"select * from ({ENTERED.format(journey='whole_shop')}) where {condition}"
    (row,) = rows(
        warehouse,
        f"""
        select count(distinct pages.session_id) as sessions, count(distinct others.session_id) as both
        from ({entered}) as pages
        left join ({entered}) as others on pages.session_id = others.session_id and others.step_id = '{other}'
        where pages.step_id = '{page}'
        """,
    )
    return float(row["both"] / row["sessions"])


def _asked_after_the_error() -> str:
    """Sessions that had an error and asked for help afterwards, not before."""
    return f"""
        select count(*) as sessions, median(errors.seconds_to_complete) as median_seconds
        from ({ENTERED.format(journey="ask_for_help")}) as errors
        left join ({ENTERED.format(journey="whole_shop")}) as chats
            on
                errors.session_id = chats.session_id
                and chats.step_id = 'support_chat'
                and chats.first_entered_at <= errors.first_entered_at
        where errors.is_completed and chats.session_id is null
    """


@pytest.mark.parametrize("measure", ASSERTED)
def test_measure(measure: str, found: dict[str, Any]) -> None:
    agree(DATA_SET, measure, found[measure])


def test_every_measure_is_accounted_for() -> None:
    assert unaccounted(DATA_SET, ASSERTED, WITHOUT_A_PLACE) == NOTHING_WRONG


def _checkout_steps(warehouse: duckdb.DuckDBPyConnection, condition: str) -> dict[tuple[str, str], dict[str, Any]]:
    """friction_step_daily_by_dimension of the checkout, added up over days, by platform and step."""
    found_rows = rows(
        warehouse,
        f"""
        select
            dimension_value as platform,
            step_id,
            sum(abandonments) / sum(entries - in_progress) as abandonment_rate,
            sum(completions) / sum(entries - in_progress) as completion_rate
        from friction_step_daily_by_dimension
        where journey_id = 'checkout' and dimension_name = 'platform' and {condition}
        group by dimension_value, step_id
        """,
    )
    return {(row["platform"], row["step_id"]): row for row in found_rows}


def test_the_marts_point_at_the_mobile_checkout(warehouse: duckdb.DuckDBPyConnection) -> None:
    """While the bug was there, no step on any platform was completed as seldom as shipping on mobile; before and after, others were."""
    during, otherwise = _checkout_steps(warehouse, BUG), _checkout_steps(warehouse, f"not ({BUG})")
    planted = ("mobile", "shipping_details")
    drops = {cell: otherwise[cell]["completion_rate"] - during[cell]["completion_rate"] for cell in during}
    assert min(during, key=lambda cell: during[cell]["completion_rate"]) == planted
    assert min(otherwise, key=lambda cell: otherwise[cell]["completion_rate"]) != planted
    assert max(drops, key=lambda cell: drops[cell]) == planted
    assert max(during, key=lambda cell: during[cell]["abandonment_rate"])[0] == "mobile"
    # what the drop should be about: shipping sessions that no longer reach payment
    healthy, broken = (
        expected_value(DATA_SET, f"planted_checkout_bug.{group}.payment_over_shipping")
        for group in ("other_time_mobile", "bug_window_mobile")
    )
    assert drops[planted] > (healthy - broken) / 2


def test_the_worst_platform_by_journey_is_mobile(warehouse: duckdb.DuckDBPyConnection) -> None:
    by_platform = rows(
        warehouse,
        f"""
        select dimension_value as platform, sum(abandonments) / sum(attempts - in_progress) as abandonment_rate
        from friction_journey_daily_by_dimension
        where journey_id = 'checkout' and {BUG}
        group by dimension_value
        """,
    )
    assert max(by_platform, key=lambda row: row["abandonment_rate"])["platform"] == "mobile"


def test_the_marts_point_at_the_payment_incident(warehouse: duckdb.DuckDBPyConnection) -> None:
    """In the incident payment is the worst step of the checkout by errors and by abandonment; at other times not by abandonment."""
    worst = {}
    for period, condition in PERIODS.items():
        steps = rows(
            warehouse,
            f"""
            select
                step_id,
                sum(entries_with_error) / sum(entries) as error_rate,
                sum(abandonments) / sum(entries - in_progress) as abandonment_rate
            from friction_step_daily
            where journey_id = 'checkout' and {condition}
            group by step_id
            """,
        )
        worst[period] = {rate: max(steps, key=lambda step: step[rate])["step_id"] for rate in ("error_rate", "abandonment_rate")}
    assert worst["incident"] == {"error_rate": "payment_details", "abandonment_rate": "payment_details"}
    assert worst["other"]["abandonment_rate"] != "payment_details"


def test_the_planted_steps_lead_the_cost_of_friction(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Over the four weeks before as_of, which hold the incident's last one, payment costs the most of all steps."""
    assert value(warehouse, "select step_id from friction_cost where priority_rank = 1") == "payment_details"
