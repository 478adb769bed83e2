"""Raw rows in whatever types files and tables have (nanoseconds, floats for ids, structs and maps) are those of the same rows as text."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from builds import RAW_KEYS, Inputs, build, rows_of, run_dbt, write_csv

TABLES = ["events", "message_events", "ticket_events", "users"]
MOMENTS = [f"2025-03-0{number} 10:00:0{number}" for number in range(1, 6)]
IDENTITIES = [("25", ""), ("9007199254740993", "a1"), ("", "a2"), ("2.5", ""), ("-0", "")]
ROWS = {
    "events": [
        {"event_id": f"#{number}", "event_name": "view", "user_id": user, "anonymous_id": anonymous, "occurred_at": MOMENTS[number], "received_at": MOMENTS[number],
         "properties": '{"device":"tablet","more":[1,2]}' if number else ""}
        for number, (user, anonymous) in enumerate(IDENTITIES)
    ],
    "message_events": [
        {"event_id": str(number), "message_id": "m", "event_type": "sent", "campaign_id": "c", "channel": "email", "user_id": user, "anonymous_id": anonymous,
         "occurred_at": MOMENTS[number], "received_at": MOMENTS[number], "is_machine": "no"}
        for number, (user, anonymous) in enumerate(IDENTITIES[:3])
    ],
    "ticket_events": [
        {"event_id": str(number), "ticket_id": "7", "event_type": "opened", "user_id": "25", "occurred_at": MOMENTS[number], "received_at": MOMENTS[number]}
        for number in range(2)
    ],
    "users": [{"user_id": user, "created_at": moment, "extra": ""} for user, moment in (("25", MOMENTS[0]), ("", MOMENTS[1]))],
}  # fmt: skip
NANOSECONDS = "cast({0} as timestamp_ns) as {0}"
DEVICE = "case when properties <> '' then {'device': 'tablet', 'more': [1, 2]} end as properties, map {'k': 'v'} as extra, ['v'] as labels"
FLOAT = "cast(case when {0} = '' then 'nan' when {0} = '9007199254740993' then '9007199254740992' else {0} end as double) as {0}"
ODD = {
    "events": [NANOSECONDS.format("occurred_at"), NANOSECONDS.format("received_at"), FLOAT.format("user_id"), DEVICE],
    "message_events": [FLOAT.format("user_id"), FLOAT.format("event_id"), NANOSECONDS.format("received_at"), "cast(channel as enum('chat', 'char', 'email')) as channel"],
    "ticket_events": ["cast(occurred_at as timestamp_ms) as occurred_at", "cast(received_at as timestamp_s) as received_at", "cast(user_id as bigint) as user_id"],
    "users": [FLOAT.format("user_id"), NANOSECONDS.format("created_at"), "{'k': 1} as extra"],
}  # fmt: skip


@pytest.fixture(scope="module")
def plain(inputs: Inputs) -> Inputs:
    return replace(inputs, variables={"disabled_tables": sorted(RAW_KEYS.keys() - set(TABLES))})


@pytest.fixture(scope="module")
def from_text(plain: Inputs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("text")
    for table, rows in ROWS.items():
        write_csv(folder / f"{table}.csv", [{name: value.replace("9007199254740993", "9007199254740992") if value != "-0" else "0" for name, value in row.items()} for row in rows])
    return build(folder / "built.duckdb", replace(plain, raw_location=str(folder / "{table}.csv")), "--select", "+path:models/staging")


def write_odd(connection: duckdb.DuckDBPyConnection, folder: Path, schema: str, changed: dict[str, list[str]] = ODD) -> None:
    """The rows in a schema of the connection, in the types of `changed`."""
    for table, rows in ROWS.items():
        write_csv(folder / f"{table}-text.csv", rows)
        cells = changed.get(table, [])
        named = [name for name in rows[0] if any(cell.endswith(f" as {name}") or f" as {name}," in cell for cell in cells)]
        left = f"* exclude ({', '.join(named)})" if named else "*"
        connection.execute(f"create table {schema}.{table} as select {', '.join([left, *cells])} from read_csv('{folder}/{table}-text.csv', header = true, all_varchar = true, nullstr = 'none', comment = '')")


def in_files(folder: Path, plain: Inputs, changed: dict[str, list[str]] = ODD) -> Inputs:
    folder.mkdir(exist_ok=True)
    with duckdb.connect() as connection:
        write_odd(connection, folder, "main", changed)
        for table in TABLES:
            connection.table(table).write_parquet(str(folder / f"{table}.parquet"))
    return replace(plain, raw_location=str(folder / "{table}.parquet"))


def staged(database: Path) -> dict[str, list[dict[str, object]]]:
    found = {table: rows_of(database, f"select * from stg_{table} order by all") for table in TABLES}
    found["rejected"] = rows_of(database, "select source_table, reason from rejected_rows order by all")
    return found


def test_files(from_text: Path, plain: Inputs, tmp_path: Path) -> None:
    odd = build(tmp_path / "built.duckdb", in_files(tmp_path / "raw", plain), "--select", "+path:models/staging")
    found = staged(odd)
    assert found == staged(from_text)
    assert [row["user_id"] for row in found["events"]] == ["25", "9007199254740992", None, "2.5", "0"]
    assert found["rejected"] == [{"source_table": "users", "reason": "missing_user_id"}]


def test_tables(from_text: Path, plain: Inputs, tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "built.duckdb")) as connection:
        connection.execute("create schema raw")
        with_map = [*ODD["events"][:-1], """case when properties <> '' then map {'device': json('"tablet"'), 'more': json('[1,2]')} end as properties"""]
        write_odd(connection, tmp_path, "raw", ODD | {"events": with_map})
    tables = build(tmp_path / "built.duckdb", replace(plain, raw_location=None), "--select", "+path:models/staging")
    assert staged(tables) == staged(from_text)


def test_no_structs_for_ids(plain: Inputs, tmp_path: Path) -> None:
    nested = {"users": "{'id': 'x'} as user_id", "ticket_events": "['x'] as occurred_at", "message_events": "map {'id': 'x'} as message_id"}
    there = in_files(tmp_path / "raw", plain, {table: [cell] for table, cell in nested.items()})
    done = run_dbt("build", tmp_path / "built.duckdb", there, "--select", "+path:models/staging")
    said = done.stdout + done.stderr
    assert done.returncode and "Nothing was built" in said
    for table, cell in nested.items():
        assert f"raw table '{table}' has lists or structs in column '{cell.split()[-1]}'" in said


def test_a_table_of_rejected_rows_is_named(plain: Inputs, tmp_path: Path) -> None:
    """Milliseconds since 1970 for tickets; of messages half the rows have them, and of users there are too few to tell."""
    row = {"message_id": "m", "event_type": "sent", "campaign_id": "c", "channel": "email", "user_id": "u", "ticket_id": "t", "event_name": "view", "received_at": MOMENTS[0]}
    for table in TABLES:
        moments = ["1741082400000" if table != "events" and (number % 2 or table != "message_events") else MOMENTS[0] for number in range(19 if table == "users" else 20)]
        rows = [row | {"event_id": str(number), "event_type": "opened" if table == "ticket_events" else "sent", "occurred_at": moment, "created_at": moment}
                for number, moment in enumerate(moments)]  # fmt: skip
        write_csv(tmp_path / f"{table}.csv", rows)
    there = replace(plain, raw_location=str(tmp_path / "{table}.csv"))
    database = build(tmp_path / "built.duckdb", there, "--select", "+most_rows_are_accepted")
    assert {(row["source_table"], row["rows_rejected"]) for row in rows_of(database, "select * from source_audit where rows_rejected > 0")} == {
        ("ticket_events", 20), ("message_events", 10), ("users", 19),
    }  # fmt: skip
    done = run_dbt("test", database, there, "--select", "most_rows_are_accepted")
    log = (tmp_path / "built-logs" / "dbt.log").read_text(encoding="utf-8")
    assert done.returncode == 0 and "WARN=1" in log, done.stdout + done.stderr
    assert set(re.findall(r"raw table '.* are rejected.*", log)) == {
        "raw table 'ticket_events': 20 of 20 rows are rejected, 20 of them for invalid_occurred_at; rejected_rows has them."
    }
