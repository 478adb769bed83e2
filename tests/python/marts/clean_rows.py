"""The accepted rows of a build, in every form in which a user may hand them over."""

from __future__ import annotations

from pathlib import Path

import duckdb
from builds import RAW_KEYS

NUMBERED = ["response_id", "transaction_id", "assignment_id", "consent_id", "user_id"]  # whole numbers here: BIGINT where types are kept
TIMES = ["occurred_at", "received_at", "assigned_at", "created_at", "updated_at", "loaded_at"]
DECIMALS = {"score": "decimal(9, 3)", "amount": "decimal(18, 2)"}


def columns_of(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    return [row[0] for row in connection.execute(f"describe {table}").fetchall()]


def clean_rows(built: Path) -> duckdb.DuckDBPyConnection:
    """A connection with a table `clean_<table>` per raw table: typed, with ids that are numbers, and no money below a cent."""
    connection = duckdb.connect()
    connection.execute(f"attach '{built}' as built (read_only)")
    users = " union ".join(f"select user_id from built.stg_{table} where user_id is not null" for table in RAW_KEYS)
    connection.execute(f"create table numbers as select user_id, 1000 + row_number() over (order by user_id) as number from ({users})")
    for table, key in RAW_KEYS.items():
        cells = []
        for column in columns_of(connection, f"built.stg_{table}"):
            if column == "user_id":
                cells.append("numbers.number as user_id")
            elif column == key and column in NUMBERED:
                cells.append(f"row_number() over (order by {column}) as {column}")
            elif column in DECIMALS:
                cells.append(f"cast(cast({column} as {DECIMALS[column]}) as double) as {column}")
            else:
                cells.append(f"rows.{column}")
        connection.execute(f"create table clean_{table} as select {', '.join(cells)} from built.stg_{table} as rows left join numbers using (user_id)")
    return connection


def write_folders(connection: duckdb.DuckDBPyConnection, folder: Path, *, as_text: bool) -> None:
    """Two files a table in a folder of its own: CSV in which all is text, or Parquet with its types."""
    for table in RAW_KEYS:
        (folder / table).mkdir(parents=True)
        for part in range(2):
            cells = "cast(columns(*) as varchar)" if as_text else "*"
            rows = f"select {cells} from (select * from clean_{table} where rowid % 2 = {part})"
            ending, form = ("csv", "format csv, header") if as_text else ("parquet", "format parquet")
            connection.execute(f"copy ({rows}) to '{folder / table / f'part-{part}.{ending}'}' ({form})")


def write_tables(connection: duckdb.DuckDBPyConnection, database: Path) -> None:
    """Tables of the schema `raw` of a database: times with a time zone, numbers as decimals."""
    connection.execute("set TimeZone = 'Asia/Tokyo'")
    connection.execute(f"attach '{database}' as warehouse")
    connection.execute("create schema warehouse.raw")
    for table in RAW_KEYS:
        cells = []
        for column in columns_of(connection, f"clean_{table}"):
            if column in TIMES:
                cells.append(f"{column} at time zone 'UTC' as {column}")
            else:
                cells.append(f"cast({column} as {DECIMALS[column]}) as {column}" if column in DECIMALS else column)
        connection.execute(f"create table warehouse.raw.{table} as select {', '.join(cells)} from clean_{table}")
    connection.execute("detach warehouse")
