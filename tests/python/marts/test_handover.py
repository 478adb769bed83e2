"""The support marts that no oracle covers, against the same by plain loops."""

from __future__ import annotations

import math
from pathlib import Path

import brute_handover
from builds import TIMEZONE, rows_of


def test_handover_daily_is_what_the_tickets_add_up_to(built: Path) -> None:
    rows = rows_of(built, "select * from handover_daily")
    found = {(row.pop("day"), row.pop("channel"), row.pop("path")): row for row in rows}
    expected = brute_handover.handover_daily(built, TIMEZONE)
    assert len(found) == len(rows) and found.keys() == expected.keys()
    for key, figures in expected.items():
        assert figures.keys() == found[key].keys()
        for name, value in figures.items():
            stored = found[key][name]
            assert stored == value or (stored is not None and value is not None and math.isclose(stored, value, rel_tol=1e-9)), (key, name)


def test_what_is_not_in_the_reports_currency_enters_no_sum(built: Path) -> None:
    currencies = {row["channel"]: row["currency"] for row in rows_of(built, "select * from cfg_support_costs")}
    assert set(currencies.values()) == {"EUR", "USD"}
    tickets = rows_of(built, "select channel, support_cost from fct_tickets")
    assert any(currencies.get(ticket["channel"]) == "USD" for ticket in tickets)
    for ticket in tickets:
        assert (ticket["support_cost"] is not None) == (currencies.get(ticket["channel"]) == "EUR"), ticket
    everyone = rows_of(built, "select * from handover_summary where breakdown = 'all'")[0]
    assert everyone["costed"] == sum(currencies.get(ticket["channel"]) == "EUR" for ticket in tickets) < everyone["tickets"]
    audited = {row["source_table"]: row["rows_in_other_currency"] for row in rows_of(built, "select * from source_audit")}
    events = rows_of(built, "select channel from stg_ticket_events")
    assert audited["ticket_events"] == sum(currencies.get(event["channel"]) == "USD" for event in events) > 0


def test_the_cost_of_friction_names_its_currency(built: Path) -> None:
    currencies = {row["journey_id"]: row["currency"] for row in rows_of(built, "select * from cfg_journeys")}
    for mart in ("friction_cost", "friction_cost_by_journey"):
        rows = rows_of(built, f"select journey_id, currency from {mart}")
        assert rows and all(row["currency"] == currencies[row["journey_id"]] for row in rows)


def test_handover_life_table_counts_every_ticket_once(built: Path) -> None:
    rows = rows_of(built, "select * from handover_life_table")
    found = {(row["channel"], row["path"], row["bucket_start_s"], row["bucket_end_s"]): (row["at_risk"], row["resolved"], row["censored"]) for row in rows}
    assert len(found) == len(rows)
    assert found == brute_handover.handover_life_table(built)
    assert any(row["censored"] for row in rows) and any(row["resolved"] for row in rows)
