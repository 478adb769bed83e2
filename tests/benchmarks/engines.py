"""The same simulated business built on DuckDB, Postgres and Spark, one after the other in one run: CPU and time as ratios to DuckDB.

    python tests/benchmarks/engines.py --events 200000 --models 15
    .venv-spark/bin/python tests/benchmarks/engines.py --engines duckdb,postgres,spark

CPU is dbt's and the server's together; the servers are the tests' own (Postgres with fsync off; Spark with two workers of one core), on this
machine, one at a time. --models also shows the models that take longest on each server, beside their time on DuckDB.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "tests" / "python"))

import postgres_server  # noqa: E402
import spark_cluster  # noqa: E402

Server = postgres_server.Server | spark_cluster.Cluster


def timed(command: list[str], environment: dict[str, str], server: Callable[[], float]) -> tuple[float, float]:
    """(seconds, CPU seconds) of a command and of the server meanwhile."""
    before, started = used() + server(), time.monotonic()
    subprocess.run(command, cwd=PROJECT, check=True, env=environment)
    return time.monotonic() - started, used() + server() - before


def used() -> float:
    own = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime


def server_used(server: Server | None) -> float:
    """CPU seconds of a server and of everyone who has worked for it."""
    if server is None:
        return 0.0
    time.sleep(1)  # the last session ends after the command
    started = [server.process] if isinstance(server, postgres_server.Server) else list(server.processes.values())
    found = 0.0
    for main in (psutil.Process(process.pid) for process in started if process is not None):
        own = main.cpu_times()
        running = [child.cpu_times() for child in main.children(recursive=True)]
        found += sum((own.user, own.system, own.children_user, own.children_system, *(part.user + part.system for part in running)))
    return found


def slowest(folder: Path, engine: str, count: int) -> None:
    """Show the models that took longest on a server."""
    took = {name: {
        node["unique_id"].split(".")[-1]: node["execution_time"]
        for node in json.loads((folder / f"target-{name}" / "run_results.json").read_text(encoding="utf-8"))["results"]
    } for name in ("duckdb", engine)}  # fmt: skip
    for name, seconds in sorted(took[engine].items(), key=lambda item: -item[1])[:count]:
        print(f"{name:<44} {took['duckdb'][name]:8.2f} s {seconds:8.2f} s   × {seconds / max(took['duckdb'][name], 1e-3):.1f}")


@contextmanager
def started(engine: str) -> Iterator[Server | None]:
    """The server of an engine; none for DuckDB."""
    if engine == "duckdb":
        yield None
    elif engine == "postgres":
        with postgres_server.running() as server:
            yield server
    else:
        with spark_cluster.running(is_small=False, executor_memory="1500m") as cluster:
            yield cluster


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--engines", default="duckdb,postgres", help="in this order, duckdb first")
    parser.add_argument("--models", type=int, default=0, help="show so many of the slowest models")
    parser.add_argument("--raw", type=Path, help="keep the simulated rows in this folder, and take them from there")
    options = parser.parse_args()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("EMPATHY_ROI_", "DBT_", "PG"))}
    with tempfile.TemporaryDirectory(prefix="empathy_roi_") as name:
        folder = Path(name)
        raw = (options.raw or folder / "raw").resolve()
        if not raw.is_dir():
            subprocess.run([sys.executable, "-m", "python_stats", "simulate", str(raw), "--events", str(options.events)], cwd=PROJECT, check=True)
        location = str(raw / "{table}.parquet") if (raw / "events.parquet").is_file() else str(raw / "{table}")
        local = {**kept, "EMPATHY_ROI_RAW_LOCATION": location, "EMPATHY_ROI_DATABASE": str(folder / "found.duckdb"), "DBT_PROFILES_DIR": str(PROJECT)}
        found: dict[str, tuple[float, float]] = {}
        for engine in options.engines.split(","):
            with started(engine) as server:
                found[engine] = built_on(engine, server, folder, location, local | (server.environment if server else {}))
            seconds, cpu = found[engine]
            ratios = [value / base for value, base in zip(found[engine], found["duckdb"], strict=True)]
            print(f"build on {engine:<10} {seconds:8.1f} s  {cpu:8.1f} CPU s   × {ratios[0]:.2f} in time, × {ratios[1]:.2f} in CPU", flush=True)
            if engine != "duckdb":
                slowest(folder, engine, options.models)
    return 0


def built_on(engine: str, server: Server | None, folder: Path, location: str, environment: dict[str, str]) -> tuple[float, float]:
    """Load where there is a server, and build: (seconds, CPU seconds) of the build."""
    if server is not None:
        loading = timed([sys.executable, "-m", "python_stats", "load", location], environment, lambda: server_used(server))
        print(f"load into {engine:<9} {loading[0]:8.1f} s  {loading[1]:8.1f} CPU s", flush=True)
    place = ["--target-path", str(folder / f"target-{engine}"), "--log-path", str(folder / "logs")]
    dbt = [sys.executable, "-c", "from dbt.cli.main import cli; cli()", "--quiet"]
    subprocess.run([*dbt, "parse", *place], cwd=PROJECT, check=True, env=environment)  # parsing is not what is measured
    skipped = ["--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]
    return timed([*dbt, "build", *place, *skipped], environment, lambda: server_used(server))


if __name__ == "__main__":
    sys.exit(main())
