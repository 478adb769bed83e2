"""docs/mapping.md tells every value of the raw contract, and the selects of docs/mapping_tools.md give rows that keep it."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest
from raw_keys import RAW_KEYS

PROJECT = Path(__file__).resolve().parents[2]
CONTRACT = (PROJECT / "macros/staging/raw_contract.sql").read_text("utf-8")
MAPPING = (PROJECT / "docs/mapping.md").read_text("utf-8")
SELECTS = re.findall(r"```sql\n(.*?)```", (PROJECT / "docs/mapping_tools.md").read_text("utf-8"), re.DOTALL)
VALUES = {name: set(re.findall(r"'(\w+)'", values)) for name, values in re.findall(r"set (\w+_types) = \[(.*?)\]", CONTRACT, re.DOTALL)}
TYPES = {
    "message_events": ("event_type", "message_types"),
    "ticket_events": ("event_type", "ticket_types"),
    "survey_responses": ("survey_type", "survey_types"),
}
REQUIRED = {
    table: re.findall(r"\{'name': '(\w+)', (?:'kind': '\w+', )?'required': true", columns)
    + re.findall(r"^ +(occurred_at|received_at),$", columns, re.MULTILINE)
    for table, columns in re.findall(r"'(\w+)': \{'moment': '\w+', 'columns': \[(.*?)\n    \]\}", CONTRACT, re.DOTALL)
}


def test_the_contract_is_read() -> None:
    assert REQUIRED.keys() == RAW_KEYS.keys()
    assert all(RAW_KEYS[table] in required for table, required in REQUIRED.items())
    assert {"occurred_at", "received_at", "event_type"} < set(REQUIRED["ticket_events"])
    assert VALUES.keys() == {"message_types", "ticket_types", "survey_types", "transaction_types"}


def test_every_value_and_column_of_the_contract_is_told() -> None:
    told = set(re.findall(r"`(\w+)`", MAPPING))
    assert set().union(*VALUES.values(), *REQUIRED.values(), re.findall(r"'name': '(\w+)'", CONTRACT)) - told == set()


@pytest.mark.parametrize("number", range(len(SELECTS)))
def test_a_select_gives_rows_that_keep_the_contract(number: int) -> None:
    with duckdb.connect() as connection:
        connection.execute((Path(__file__).parent / "vendor_rows.sql").read_text("utf-8"))
        connection.execute("create schema raw")
        connection.execute(SELECTS[number])
        tables = [name for (name,) in connection.execute("select table_name from duckdb_tables() where schema_name = 'raw'").fetchall()]
        assert tables
        for table in tables:
            rows = connection.table(f"raw.{table}")
            assert len(rows) > 0
            broken = " or ".join(f"{column} is null" for column in REQUIRED[table])
            assert connection.execute(f"select * from raw.{table} where {broken}").fetchall() == []
            if table != "users":
                assert connection.execute(f"select * from raw.{table} where user_id is null and anonymous_id is null").fetchall() == []
            if table in TYPES:
                column, types = TYPES[table]
                assert {value for (value,) in connection.execute(f"select distinct {column} from raw.{table}").fetchall()} <= VALUES[types]
