"""The least work on the same Parquet files, in plain DuckDB, each query for itself, in CPU seconds.

The floors; what a full refresh must do besides, which no floor does; and what keeping a build's tables costs, with nothing computed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
from measured_build import cpu_seconds

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))
from raw_keys import RAW_KEYS

KEYS = {table: key for table, key in RAW_KEYS.items() if table != "users"}


def _timed(connection: duckdb.DuckDBPyConnection, query: str) -> float:
    before = cpu_seconds()
    connection.execute(query).fetchall()
    return cpu_seconds() - before


def _connected(raw: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'; set preserve_insertion_order = false; set memory_limit = '6GB'")
    for table in KEYS:
        connection.execute(f"create view {table} as select * from read_parquet('{raw}/{table}/*.parquet', union_by_name = true)")
    return connection


def _keyed(raw: Path) -> duckdb.DuckDBPyConnection:
    """A connection with the table `keyed`, the events with integers for `persons` and `names`."""
    connection = _connected(raw)
    connection.execute("create temp table names as select row_number() over () as name_key, event_name from (select distinct event_name from events)")
    connection.execute("create temp table persons as select row_number() over () as person_key, person from (select distinct coalesce(user_id, anonymous_id) as person from events)")
    connection.execute("""
        create temp table keyed as
        select person_key, name_key, epoch_us(try_cast(occurred_at as timestamp)) as occurred_us, events.element_id
        from events
        inner join persons on coalesce(user_id, anonymous_id) = person
        inner join names using (event_name)
        where try_cast(occurred_at as timestamp) is not null
    """)
    return connection


def scan(raw: Path) -> float:
    """One scan of the events with an aggregate over every column."""
    connection = _connected(raw)
    columns = [row[0] for row in connection.execute("describe events").fetchall()]
    return _timed(connection, f"select {', '.join(f'max({name})' for name in columns)} from events")


def deduplicate(raw: Path) -> float:
    """One row an event id, written to a table: the one received first. Ranks only ids that repeat: DuckDB ranks in memory, and the rest is most of it."""
    return _deduplicated(_connected(raw), "events")


def _deduplicated(connection: duckdb.DuckDBPyConnection, table: str) -> float:
    key = KEYS[table]
    return _timed(connection, f"""
        create temp table accepted_{table} as
        with repeated as (select {key} from {table} group by {key} having count(*) > 1)
        select * from {table} where not exists (select 1 from repeated where repeated.{key} = {table}.{key})
        union all
        select * from {table}
        where exists (select 1 from repeated where repeated.{key} = {table}.{key})
        qualify row_number() over (partition by {key} order by received_at) = 1
    """)


def sort(raw: Path) -> float:
    """The events in the order of person and time, written to a table."""
    return _timed(_connected(raw), """
        create temp table sorted as
        select coalesce(user_id, anonymous_id) as person, event_id, event_name, occurred_at from events order by person, occurred_at
    """)


def step_attempts(raw: Path) -> float:
    """From events with integers for persons and names (not counted) straight to step attempts, in one statement: sessions, attempts."""
    connection = _keyed(raw)
    return _timed(connection, """
        create temp table attempts as
        with gaps as (
            select *,
                lag(occurred_us) over persons_events as previous_us,
                lead(occurred_us) over persons_events as next_us
            from keyed window persons_events as (partition by person_key order by occurred_us, name_key)
        ),
        sessions as (
            select *,
                sum(case when previous_us is null or occurred_us - previous_us > 1800000000 then 1 else 0 end)
                    over (partition by person_key order by occurred_us, name_key rows unbounded preceding) as attempt
            from gaps
        )
        select person_key, attempt, name_key, min(occurred_us) as entered_us, count(*) as events, count(element_id) as clicks,
            sum(case when next_us - occurred_us > 10000000 and next_us - occurred_us <= 1800000000 then next_us - occurred_us else 0 end) as pause_us
        from sessions
        group by person_key, attempt, name_key
    """)


def deduplicate_others(raw: Path) -> float:
    """The same for the other tables, but `users`."""
    connection = _connected(raw)
    return sum(_deduplicated(connection, table) for table in KEYS if table != "events")


def parse(raw: Path) -> float:
    """Both moments of every row of every table read as timestamps, with no rule of the contract about them."""
    connection = _connected(raw)
    seconds = 0.0
    for table in KEYS:
        names = [row[0] for row in connection.execute(f"describe {table}").fetchall()]
        moments = ", ".join(f"count(try_cast({name} as timestamp))" for name in names if name.endswith("_at"))
        seconds += _timed(connection, f"select {moments} from {table}")
    return seconds


def sort_messages(raw: Path) -> float:
    """What happened to messages, in the order of person and time, written to a table."""
    return _timed(_connected(raw), """
        create temp table sorted as
        select coalesce(user_id, anonymous_id) as person, message_id, event_type, occurred_at from message_events order by person, occurred_at
    """)


def count_acts(raw: Path) -> float:
    """What exposed persons did afterwards, counted by day, from events with integers for persons and names (not counted)."""
    connection = _keyed(raw)
    connection.execute("""
        create temp table exposed as
        select experiment_key, person_key, min(epoch_us(try_cast(assigned_at as timestamp))) as exposed_us
        from experiment_assignments
        inner join persons on coalesce(user_id, anonymous_id) = person
        inner join (select row_number() over () as experiment_key, experiment_id from (select distinct experiment_id from experiment_assignments)) as experiments
            using (experiment_id)
        group by experiment_key, person_key
    """)
    return _timed(connection, """
        create temp table acts as
        select experiment_key, person_key, occurred_us // 86400000000 as day, name_key, count(*) as acts
        from keyed inner join exposed using (person_key)
        where occurred_us >= exposed_us
        group by experiment_key, person_key, day, name_key
    """)


def store(database: Path) -> dict[str, float]:
    """CPU seconds of copying each table of a built database into a new one: what keeping the tables costs, with nothing computed."""
    copy = database.with_name("copy.duckdb")
    copy.unlink(missing_ok=True)
    with duckdb.connect(str(copy), config={"storage_compatibility_version": "v1.4.0"}) as connection:
        connection.execute("set TimeZone = 'UTC'; set preserve_insertion_order = false; set memory_limit = '6GB'")
        connection.execute(f"attach '{database}' as built (read_only)")
        tables = [row[0] for row in connection.execute("select table_name from duckdb_tables() where database_name = 'built' order by 1").fetchall()]
        seconds = {name: _timed(connection, f'create table "{name}" as select * from built."{name}"') for name in tables}
        seconds["checkpoint"] = _timed(connection, "checkpoint")
    copy.unlink()
    return seconds


FLOORS: dict[str, Callable[[Path], float]] = {
    "one scan with an aggregate": scan,
    "one deduplication by event id": deduplicate,
    "one sort by person and time": sort,
    "events straight to step attempts": step_attempts,
}
BESIDES: dict[str, Callable[[Path], float]] = {
    "one deduplication of each other table": deduplicate_others,
    "all moments read as timestamps": parse,
    "one sort of messages by person and time": sort_messages,
    "one count of exposed persons' acts by day": count_acts,
}
