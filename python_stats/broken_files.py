"""Which raw file it was that a build could not read: DuckDB does not always say, and a table may lie in thousands of files."""

import json
import re
from collections.abc import Iterable
from pathlib import Path

from python_stats.errors import first_line
from python_stats.loading import RAW_TABLES, raw_files, raw_tables
from python_stats.project import Project
from python_stats.sql_warehouse import literal


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
            for (path,) in connection.execute(f"select file from glob({literal(pattern)}) order by 1").fetchall():
                try:
                    _, relation = raw_files(re.sub(r"[*?[]", r"[\g<0>]", path))
                    connection.execute(f"describe select * from {relation}")
                    if table in failed:
                        connection.execute(f"select max(hash(found)) from {relation} as found")
                except duckdb.Error as error:
                    return f"{path}: cannot be read ({first_line(error)})"
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
