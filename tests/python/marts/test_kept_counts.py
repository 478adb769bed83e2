"""Counts that increments keep (persons of a week, rejected rows): worked out by hand, day by day, and beside a build of everything."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from builds import PROJECT, RAW_KEYS, Inputs, Row, build, content_of, differing, rows_of, slow, write_csv

ROW = {"user_id": "", "anonymous_id": ""}


def event(key: str, moment: str, **cells: str) -> Row:
    at = f"2025-03-{moment}"
    return {"event_id": key, "event_name": "page_view", "page_path": "/", **ROW, "occurred_at": at, "received_at": at} | cells


def transaction(key: str, moment: str, person: str, kind: str, received: str = "") -> Row:
    return {
        "transaction_id": key, "transaction_type": kind, "amount": "10", "currency": "EUR", "user_id": person, "anonymous_id": "",
        "occurred_at": f"2025-03-{moment}", "received_at": f"2025-03-{received or moment}",
    }  # fmt: skip


def counts(database: Path, sum_id: str) -> dict[str, float]:
    return {f"{row['week']:%d %B}": row["total"] for row in rows_of(database, f"select week, total from int_weekly_sums where sum_id = '{sum_id}'")}


@slow
def test_persons_of_a_week(tmp_path: Path) -> None:
    events = [
        event("ann on Sunday", "02 23:59:59.999999", user_id="ann"),
        event("ann a moment later, in the same session", "03 00:00:00", user_id="ann"),
        event("ann on Wednesday", "05 10:00", user_id="ann"),
        event("a tablet", "04 10:00", anonymous_id="tablet"),
        event("ann again", "17 10:00", user_id="ann"),
    ]
    transactions = [
        transaction("bought", "05 09:00", "bob", "purchase"),
        transaction("bought again", "07 09:00", "bob", "purchase"),
        transaction("given back", "12 09:00", "bob", "refund"),
        transaction("bought as well", "12 09:00", "cleo", "purchase"),
    ]
    switched_off = [table for table in RAW_KEYS if table not in ("events", "transactions")]
    inputs = Inputs(PROJECT / "seeds", str(tmp_path / "raw" / "{table}.csv"), {"disabled_tables": switched_off})
    database = tmp_path / "built.duckdb"

    def build_and_compare(name: str) -> None:
        write_csv(tmp_path / "raw" / "events.csv", events)
        write_csv(tmp_path / "raw" / "transactions.csv", transactions)
        build(database, inputs, "--select", "+int_weekly_sums")
        anew = build(tmp_path / name / "built.duckdb", inputs, "--select", "+int_weekly_sums")
        assert differing(content_of(database, ["int_weekly_sums"]), content_of(anew, ["int_weekly_sums"])) == {}

    build_and_compare("first")
    assert counts(database, "persons") == {"24 February": 1, "03 March": 3, "10 March": 2, "17 March": 1}  # ann, the tablet and bob; bob and cleo
    assert counts(database, "buyers") == {"03 March": 1, "10 March": 1}
    assert counts(database, "refunded_persons") == {"03 March": 0, "10 March": 1}  # 0 where there is a transaction, but none of the kind

    events.append(event("the tablet is ann's", "18 10:00", user_id="ann", anonymous_id="tablet"))
    events.append(event("ann on Saturday, late", "01 12:00", user_id="ann", received_at="2025-03-18 10:00"))
    transactions.append(transaction("bought", "09 23:00", "bob", "purchase", "04 08:00"))  # a copy that came before: it takes the other's place
    transactions.append(transaction("bought in the next week", "10 00:00", "bob", "purchase"))
    build_and_compare("second")
    assert counts(database, "persons") == {"24 February": 1, "03 March": 2, "10 March": 2, "17 March": 1}
    assert counts(database, "buyers") == {"03 March": 1, "10 March": 2}
    marked = "select active_on from int_person_days inner join int_persons using (person_key) where person_id = 'u:ann' and is_first_of_week order by 1"
    assert [f"{row['active_on']:%d}" for row in rows_of(database, marked)] == ["01", "03", "17"]

    kept = "select count(*) as rows from int_weekly_persons where sum_id = 'buyers'"
    assert rows_of(database, kept) == [{"rows": 3}]


@pytest.mark.parametrize("form", ["parquet", pytest.param("csv", marks=slow)])
def test_rejected_rows(tmp_path: Path, form: str) -> None:
    """As CSV, landing hours that differ are read again; of Parquet files those that have come are read, and rows without a key may stay as they are."""
    raw = tmp_path / "raw" / "events"
    location = tmp_path / "raw" / "{table}" / ("events.csv" if form == "csv" else "")
    inputs = Inputs(PROJECT / "seeds", str(location), {"disabled_tables": [table for table in RAW_KEYS if table != "events"]})
    database = tmp_path / "built.duckdb"
    landed: list[Row] = []

    def rejected(path: Path) -> dict[tuple[str | None, str], int]:
        build(path, inputs, "--select", "+rejected_rows")
        found = rows_of(path, "select row_id, reason, count(*) as rows from rejected_rows group by all")
        return {(row["row_id"], row["reason"]): row["rows"] for row in found}

    def land(day: str, *rows: Row) -> dict[tuple[str | None, str], int]:
        landed.extend(rows)
        if form == "csv":
            write_csv(raw / "events.csv", landed)
        else:
            write_csv(tmp_path / "rows.csv", list(rows))
            raw.mkdir(parents=True, exist_ok=True)
            duckdb.read_csv(str(tmp_path / "rows.csv"), all_varchar=True).write_parquet(str(raw / f"{day}.parquet"))
        return rejected(database)

    first = land(
        "first",
        event("fine", "01 10:00", user_id="ann"),
        event("nobody's", "01 10:00"),
        event("nameless", "01 10:00", user_id="ann", event_name=""),
        event("", "01 10:00", user_id="ann"),
        event("", "01 11:00", user_id="bob"),
    )
    assert first == {("nobody's", "missing_identity"): 1, ("nameless", "missing_event_name"): 1, (None, "missing_event_id"): 2}
    second = land("second", event("nobody's", "02 10:00"), event("nameless", "02 10:00", user_id="ann"), event("", "02 10:00", user_id="cleo"))
    assert second == {("nobody's", "missing_identity"): 2, ("nameless", "missing_event_name"): 1, (None, "missing_event_id"): 3}
    third = land("third", event("fine", "03 10:00", user_id="ann"), event("new", "03 10:00", user_id="ann"))
    assert third == second == rejected(tmp_path / "anew" / "built.duckdb")
    assert differing(content_of(database, ["rejected_rows"]), content_of(tmp_path / "anew" / "built.duckdb", ["rejected_rows"])) == {}
