"""dbt in a process of its own each time, forked from one that has imported it: its imports are four CPU seconds."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

_server = multiprocessing.get_context("forkserver")
_server.set_forkserver_preload(["dbt.cli.main"])  # not its adapters: DuckDB starts a thread when it is imported, which no fork survives


def run(arguments: list[str], folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """As `subprocess.run(["dbt", *arguments], ...)` with text that is captured."""
    with tempfile.TemporaryDirectory() as place:
        said = Path(place, "stdout"), Path(place, "stderr")
        process = _server.Process(target=_work, args=(arguments, str(folder), dict(environment), *map(str, said)))
        process.start()
        process.join()
        assert process.exitcode is not None
        return subprocess.CompletedProcess(["dbt", *arguments], process.exitcode, *(path.read_text("utf-8", "replace") for path in said))


def _work(arguments: list[str], folder: str, environment: dict[str, str], *said: str) -> None:
    for number, path in enumerate(said, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["dbt", *arguments]
    from dbt.cli.main import cli

    try:
        cli()
    finally:
        # a forked process ends without closing anything: what DuckDB has not checkpointed would lie in a log beside the file that tests copy
        duckdb = sys.modules.get("dbt.adapters.duckdb.connections")
        if duckdb:
            duckdb.DuckDBConnectionManager.close_all_connections()
