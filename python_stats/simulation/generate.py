"""Runs the SQL templates over people in chunks and writes the raw tables, the truth and, if asked, the seeds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb

from python_stats.simulation import business, dirt
from python_stats.simulation.seeds import suffixes, write_seeds
from python_stats.simulation.tables import JOURNEY_NO, parameter_tables
from python_stats.simulation.truth import truth

DEFAULT_START = date(2026, 1, 5)
MINIMUM_DAYS = 60
#: Events a chunk of people makes; more than that become a folder of files a table.
CHUNK_EVENTS = 3_000_000


@dataclass(frozen=True)
class SimulationSummary:
    """What a simulation wrote.

    Attributes:
        output_folder: where the raw tables and `truth.json` are.
        raw_location: the path of the raw tables with `{table}` in it, as dbt's variable `raw_location` wants it.
        persons: simulated persons, all replicas together.
        rows: rows written per raw table, dirty ones included.
        dirty_rows: rows per raw table that were added as dirt.
        ends_at: the moment the data ends (UTC): nothing is received later.
    """

    output_folder: Path
    raw_location: str
    persons: int
    rows: dict[str, int]
    dirty_rows: dict[str, int]
    ends_at: datetime


def _check(events: int, days: int, file_format: str, dirty_share: float, replicas: int) -> None:
    rules = (
        (events >= 100, f"events is {events}: at least 100 are needed"),
        (days >= MINIMUM_DAYS, f"days is {days}: at least {MINIMUM_DAYS} are needed for the experiments to end"),
        (file_format in ("parquet", "csv"), f"file_format is {file_format!r}: parquet or csv"),
        (0 <= dirty_share < 1, f"dirty_share is {dirty_share}: a share from 0 to below 1"),
        (1 <= replicas <= 999, f"replicas is {replicas}: 1 to 999"),
    )
    for holds, message in rules:
        if not holds:
            raise ValueError(message)


def _literal(value: Any) -> str:
    if value is None:
        return "null"
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else repr(value)


def _prepare(connection: duckdb.DuckDBPyConnection, days: int, settings: dict[str, float]) -> None:
    connection.execute("set TimeZone = 'UTC'")
    connection.execute("set enable_progress_bar = false")
    for name, value in settings.items():
        connection.execute(f"set variable {name} = {value!r}")
    for name, (columns, rows) in parameter_tables(days).items():
        values = ", ".join(f"({', '.join(_literal(value) for value in row)})" for row in rows)
        connection.execute(f"create temp table {name} ({columns})")
        connection.execute(f"insert into {name} values {values}")


def _templates() -> list[str]:
    folder = files("python_stats.simulation") / "sql"
    paths = sorted((item for item in folder.iterdir() if item.name.endswith(".sql")), key=lambda item: item.name)
    return [item.read_text(encoding="utf-8") for item in paths]


def _clear(folder: Path, table: str) -> None:
    for ending in ("parquet", "csv"):
        (folder / f"{table}.{ending}").unlink(missing_ok=True)
        for part in (folder / table).glob(f"part-*.{ending}"):
            part.unlink()
    if (folder / table).is_dir() and not any((folder / table).iterdir()):
        (folder / table).rmdir()


def simulate(
    output_folder: str | Path,
    events: int = 200_000,
    seed: int = 1,
    days: int = business.DEFAULT_DAYS,
    start: date = DEFAULT_START,
    file_format: str = "parquet",
    dirty_share: float = 0.01,
    replicas: int = 1,
    seeds_folder: str | Path | None = None,
    typed: bool = False,
) -> SimulationSummary:
    """Simulate the business and write its eight raw tables, and `truth.json` beside them.

    The same arguments give the same files. Replica r of a simulation with seed s is the simulation with seed s + r, its
    persons' and experiments' ids carrying the suffix `-r007`.

    Args:
        output_folder: where the files go; earlier simulations in it are replaced.
        events: about how many rows the table `events` gets, per replica; the other tables grow with it.
        seed: which of the possible worlds.
        days: length; the experiments' calendar stretches with it (120 days: the dates of the project's seeds).
        start: first day.
        file_format: `parquet` or `csv`.
        dirty_share: dirty rows added (copies, late copies, broken rows), as a share of the clean ones.
        replicas: independent copies of the business in one raw set.
        seeds_folder: also write the seeds that go with it (needed for replicas, other days and other starts).
        typed: write timestamps, numbers and booleans typed instead of as text, which is faster and leaves out the faults
            that only text can carry.

    Returns:
        What was written.

    Raises:
        ValueError: an argument is out of its range.
    """
    _check(events, days, file_format, dirty_share, replicas)
    folder = Path(output_folder)
    folder.mkdir(parents=True, exist_ok=True)
    persons = max(1, round(events / business.EVENTS_PER_PERSON))
    chunk = max(1, round(CHUNK_EVENTS / business.EVENTS_PER_PERSON))
    total = persons * replicas
    is_split = total > chunk
    begins = datetime(start.year, start.month, start.day, tzinfo=UTC)
    settings: dict[str, float] = {
        "seed": seed,
        "persons": persons,
        "replicas": replicas,
        "days": days,
        "end_ms": days * business.DAY,
        "start_us": round(begins.timestamp() * 1_000_000),
        "cell_ms": business.CELL_MS,
        "quiet_ms": business.QUIET_DAYS * business.DAY,
        "browse_no": JOURNEY_NO["browse"],
        "arms": sum(len(item.variants) for item in business.EXPERIMENTS),
        "share_chat": business.TICKET_CHANNELS["chat"],
        "share_email": business.TICKET_CHANNELS["email"],
        "csat_after_ticket": business.CSAT_AFTER_TICKET,
        "csat_after_completion": business.CSAT_AFTER_COMPLETION,
        "order_amount": business.ORDER_AMOUNT,
        "refund_share": business.REFUND_SHARE,
    }
    rows = dict.fromkeys((table.name for table in dirt.TABLES), 0)
    dirty = dict(rows)
    for name in rows:
        _clear(folder, name)
        if is_split:
            (folder / name).mkdir(exist_ok=True)
    with duckdb.connect(":memory:") as connection:
        _prepare(connection, days, settings)
        for part, first in enumerate(range(0, total, chunk)):
            connection.execute(f"set variable first_person = {first}")
            connection.execute(f"set variable last_person = {min(total, first + chunk)}")
            for template in _templates():
                connection.execute(template)
            for table in dirt.TABLES:
                name = f"{table.name}/part-{part:05d}" if is_split else table.name
                path = str(folder / f"{name}.{file_format}").replace("'", "''")
                options = "format parquet" if file_format == "parquet" else "format csv, header"
                sql = dirt.table_sql(table, dirty_share, typed)
                written = connection.execute(f"copy ({sql}) to '{path}' ({options})").fetchone()
                clean = connection.execute(f"select count(*) from raw_{table.name}").fetchone()
                if written and clean:
                    rows[table.name] += written[0]
                    dirty[table.name] += written[0] - clean[0]
    _write_truth(folder, seed, start, days, events, replicas)
    if seeds_folder is not None:
        write_seeds(Path(seeds_folder), start, days, replicas)
    location = f"{folder}/{{table}}/*.{file_format}" if is_split else f"{folder}/{{table}}.{file_format}"
    return SimulationSummary(folder, location, total, rows, dirty, begins + timedelta(days=days))


def _write_truth(folder: Path, seed: int, start: date, days: int, events: int, replicas: int) -> None:
    run = {
        "seed": seed,
        "start": start.isoformat(),
        "days": days,
        "events": events,
        "suffixes": suffixes(replicas),
    }
    text = json.dumps({"simulation": run} | truth(), indent=2, ensure_ascii=False)
    (folder / "truth.json").write_text(text + "\n", encoding="utf-8")
