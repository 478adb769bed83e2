"""Somebody who looks at what is published all the time, and checks that it is there, whole and of one piece.

    python -m faults.reader PUBLISHED STOP REPORT

Looks until the file STOP is there, then writes REPORT: how often it looked, how many publications it saw, and all that was wrong.
Three ways at once: a connection that is held from the first look on; one that reopens `current`; and the link itself, every few
milliseconds.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import duckdb

from python_stats.operations.publication import fingerprint

_GLANCE_S = 0.01
_LOOK_S = 1.0


def look(folder: Path) -> str | None:
    """What is wrong with a publication, given by its resolved folder; None where nothing is."""
    try:
        with duckdb.connect(str(folder / "empathy_roi.duckdb"), read_only=True) as connection:
            return _wrong(connection, folder)
    except (duckdb.Error, OSError) as error:
        return f"{folder.name}: {type(error).__name__} {str(error).splitlines()[0]}"


def _wrong(connection: duckdb.DuckDBPyConnection, folder: Path) -> str | None:
    rows = connection.execute("select publication_id, table_name, row_count, checksum from publication").fetchall()
    if {row[0] for row in rows} != {folder.name}:
        return f"{folder.name}: holds {sorted({row[0] for row in rows})}"
    for _, table, count, checksum in rows:
        if fingerprint(connection, f'"{table}"') != (count, checksum):
            return f"{folder.name}: {table} does not fit its checksum"
    there = {name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()} - {"publication"}
    if there != {row[1] for row in rows}:
        return f"{folder.name}: its tables are not those it tells of"
    ((run_id,),) = connection.execute("select distinct run_id from experiment_decisions").fetchall()
    if run_id not in (folder / "scorecard.html").read_text(encoding="utf-8"):
        return f"{folder.name}: pages of another run"
    return None


def main() -> int:
    """Look until told to stop."""
    published, stop, report = (Path(argument) for argument in sys.argv[1:4])
    link = published / "current"
    held_folder = link.resolve()
    held = duckdb.connect(str(held_folder / "empathy_roi.duckdb"), read_only=True)
    seen, wrong, glances, looks, next_look = [held_folder.name], [], 0, 0, 0.0
    print("looking", flush=True)
    while True:
        last = stop.exists()
        glances += 1
        try:
            name = os.readlink(link)
            if not (link / "empathy_roi.duckdb").is_file() or not (link / "scorecard.html").is_file():
                wrong.append(f"{name}: a file is missing")
        except OSError as error:
            wrong.append(f"no link: {error}")
            name = seen[-1]
        if name != seen[-1] or time.monotonic() >= next_look or last:
            if name != seen[-1]:
                seen.append(name)
            looks += 2
            wrong += [f for f in (look(link.resolve()), _still(held, held_folder)) if f]
            next_look = time.monotonic() + _LOOK_S
        if last:
            break
        time.sleep(_GLANCE_S)
    report.write_text(json.dumps({"glances": glances, "looks": looks, "publications": len(seen), "wrong": wrong}), encoding="utf-8")
    return 0


def _still(held: duckdb.DuckDBPyConnection, folder: Path) -> str | None:
    """Does the held connection still read what it read at first? Its folder may be gone by now."""
    try:
        rows = held.execute("select table_name, row_count, checksum from publication").fetchall()
        for table, count, checksum in rows:
            if fingerprint(held, f'"{table}"') != (count, checksum):
                return f"held {folder.name}: {table} does not fit its checksum"
    except duckdb.Error as error:
        return f"held {folder.name}: {str(error).splitlines()[0]}"
    return None


if __name__ == "__main__":
    sys.exit(main())
