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


def test_handover_life_table_counts_every_ticket_once(built: Path) -> None:
    rows = rows_of(built, "select * from handover_life_table")
    found = {(row["channel"], row["path"], row["bucket_start_s"], row["bucket_end_s"]): (row["at_risk"], row["resolved"], row["censored"]) for row in rows}
    assert len(found) == len(rows)
    assert found == brute_handover.handover_life_table(built)
    assert any(row["censored"] for row in rows) and any(row["resolved"] for row in rows)
