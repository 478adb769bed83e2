"""Who is seen in a week, worked out by hand: whoever counts in a share of the week's persons is one of them, at midnight as well."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from builds import PROJECT, RAW_KEYS, Inputs, Row, build, rows_of, run_dbt, write_csv


def view(person: str, page: str, at: str) -> Row:
    return {"event_id": f"{person} {at}", "event_name": "page_view", "page_path": page, "user_id": person, "anonymous_id": "",
            "occurred_at": at, "received_at": at}  # fmt: skip


def conversion(database: Path) -> dict[str, tuple[float, float]]:
    """Per week, and for everyone, the persons who completed a journey and those who were seen."""
    found = rows_of(database, "select * from metric_weekly where metric_id = 'conversion' and owner_team = 'all' order by week")
    return {f"{row['week']:%d %B}": (row["numerator"], row["denominator"]) for row in found}


def test_a_session_over_midnight_is_in_both_weeks(tmp_path: Path) -> None:
    """Three persons open the cart on Sunday at 23:50 and have bought on Monday at 00:05; these rows land a night later. Of Monday's week it was 300 %."""
    three = ("bob", "cem", "dee")
    events = [view(person, "/cart", "2025-03-30 23:50:00") for person in three] + [view("ann", "/", "2025-04-02 10:00:00")]
    inputs = Inputs(PROJECT / "seeds", str(tmp_path / "raw" / "{table}.csv"), {"disabled_tables": [table for table in RAW_KEYS if table != "events"]})
    write_csv(tmp_path / "raw" / "events.csv", events)
    database = build(tmp_path / "built.duckdb", inputs, "--select", "+metric_weekly")
    assert conversion(database) == {"24 March": (0, 3), "31 March": (0, 1)}

    events += [view(person, "/checkout/thank-you", "2025-03-31 00:05:00") for person in three]
    write_csv(tmp_path / "raw" / "events.csv", events)
    build(database, inputs, "--select", "+metric_weekly")
    assert conversion(database) == {"24 March": (0, 3), "31 March": (3, 4)}


def test_whoever_completes_in_a_session_of_weeks_is_seen_that_day(tmp_path: Path) -> None:
    """A kiosk whose pages never rest: its session neither begins nor ends in the week in which somebody buys."""
    days = [f"2025-03-{day:02}" for day in range(1, 29)]
    events = [view("kiosk", "/", f"{day} {hour:02}:{minute:02}:00") for day in days for hour in range(24) for minute in (0, 25, 50)]
    events.append(view("kiosk", "/checkout/thank-you", "2025-03-13 10:01:00"))
    inputs = Inputs(PROJECT / "seeds", str(tmp_path / "raw" / "{table}.csv"), {"disabled_tables": [table for table in RAW_KEYS if table != "events"]})
    write_csv(tmp_path / "raw" / "events.csv", events)
    database = build(tmp_path / "built.duckdb", inputs, "--select", "+metric_weekly")
    assert rows_of(database, "select count(*) as sessions from int_sessions") == [{"sessions": 1}]
    assert conversion(database)["10 March"] == (1, 1)


def test_the_time_spine_reaches_from_the_first_day_to_the_last(tmp_path: Path) -> None:
    """However far apart: one moment of 1970 made it end in 1997."""
    inputs = Inputs(PROJECT / "seeds", str(tmp_path / "raw" / "{table}.csv"), {"disabled_tables": [table for table in RAW_KEYS if table != "events"]})
    write_csv(tmp_path / "raw" / "events.csv", [view("ann", "/", "1970-01-02 10:00:00"), view("ann", "/", "2025-04-02 10:00:00")])
    database = build(tmp_path / "built.duckdb", inputs, "--select", "+time_spine")
    first, last = date(1970, 1, 2), date(2025, 4, 2)
    assert rows_of(database, "select min(date_day) as first, max(date_day) as last, count(distinct date_day) as days, count(*) as rows from time_spine") == [
        {"first": first, "last": last, "days": (last - first).days + 1, "rows": (last - first).days + 1}
    ]
    held = run_dbt("test", database, inputs, "--select", "time_spine_ends_with_the_last_day")
    assert held.returncode == 0, held.stdout + held.stderr
