"""Which raw file it was that a build could not read: DuckDB does not always say, and a table may lie in thousands of files."""

import json
from collections.abc import Iterable
from pathlib import Path

from python_stats.loading import RAW_TABLES, raw_files, raw_tables, unreadable_file
from python_stats.project import Project


def broken_file(project: Project, results: Path | None) -> str | None:
    """The first raw file that cannot be read, and why, in one line; None where all can be.

    Of every file the columns are read; whole those of the tables whose reading dbt says has failed.

    Args:
        results: dbt's run_results.json; None where it wrote none.
    """
    import duckdb

    location = project.raw_location
    if location is None:
        return None
    failed = _failed(results)
    with duckdb.connect() as connection:
        for table in raw_tables(project):
            pattern, _ = raw_files(str(project.folder / location.replace("{table}", table)))
            found = unreadable_file(connection, pattern, table in failed)
            if found:
                return found
    return None


def _failed(results: Path | None) -> set[str]:
    """The raw tables whose reading has failed."""
    if results is None:
        return set()
    try:
        nodes: Iterable[dict[str, str]] = json.loads(results.read_text(encoding="utf-8"))["results"]
        failed = {node["unique_id"].split(".")[-1] for node in nodes if node["status"] == "error"}
    except (OSError, ValueError, KeyError, TypeError):
        return set()
    return {table for table in RAW_TABLES if f"int_checked_{table}" in failed}
