"""The same simulated business built on DuckDB and on Postgres, one after the other in one run: CPU and time as ratios to DuckDB.

    python tests/benchmarks/engines.py --events 200000 --models 15

CPU is dbt's and the server's together; the server is one of the test's own (fsync off), on this machine. --models also shows the models
that take longest on Postgres, beside their time on DuckDB.
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
from collections.abc import Callable
from pathlib import Path

import psutil

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "tests" / "python"))

import postgres_server  # noqa: E402


def timed(command: list[str], environment: dict[str, str], server: Callable[[], float]) -> tuple[float, float]:
    """(seconds, CPU seconds) of a command and of the server meanwhile."""
    before, started = used() + server(), time.monotonic()
    subprocess.run(command, cwd=PROJECT, check=True, env=environment)
    return time.monotonic() - started, used() + server() - before


def used() -> float:
    own = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime


def server_used(server: postgres_server.Server) -> float:
    """Of the server and of everyone who has worked for it."""
    assert server.process is not None
    time.sleep(1)  # the last session ends after the command
    main = psutil.Process(server.process.pid)
    own = main.cpu_times()
    running = [child.cpu_times() for child in main.children(recursive=True)]
    return sum((own.user, own.system, own.children_user, own.children_system, *(part.user + part.system for part in running)))


def slowest(folder: Path, count: int) -> None:
    """Show the models that took longest on Postgres."""
    took = {engine: {
        node["unique_id"].split(".")[-1]: node["execution_time"]
        for node in json.loads((folder / f"target-{engine}" / "run_results.json").read_text(encoding="utf-8"))["results"]
    } for engine in ("duckdb", "postgres")}  # fmt: skip
    for name, seconds in sorted(took["postgres"].items(), key=lambda item: -item[1])[:count]:
        print(f"{name:<44} {took['duckdb'][name]:8.2f} s {seconds:8.2f} s   × {seconds / max(took['duckdb'][name], 1e-3):.1f}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--models", type=int, default=0, help="show so many of the slowest models")
    parser.add_argument("--raw", type=Path, help="keep the simulated rows in this folder, and take them from there")
    options = parser.parse_args()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("EMPATHY_ROI_", "DBT_", "PG"))}
    with tempfile.TemporaryDirectory(prefix="empathy_roi_") as name, postgres_server.running() as server:
        folder = Path(name)
        raw = (options.raw or folder / "raw").resolve()
        if not raw.is_dir():
            subprocess.run([sys.executable, "-m", "python_stats", "simulate", str(raw), "--events", str(options.events)], cwd=PROJECT, check=True)
        location = str(raw / "{table}.parquet") if (raw / "events.parquet").is_file() else str(raw / "{table}")
        local = {**kept, "EMPATHY_ROI_RAW_LOCATION": location, "EMPATHY_ROI_DATABASE": str(folder / "found.duckdb"), "DBT_PROFILES_DIR": str(PROJECT)}
        remote = {**local, **server.environment}
        roi = [sys.executable, "-m", "python_stats"]
        loading = timed([*roi, "load", location], remote, lambda: server_used(server))
        print(f"load into Postgres  {loading[0]:8.1f} s  {loading[1]:8.1f} CPU s")
        found: dict[str, tuple[float, float]] = {}
        for engine, environment in (("duckdb", local), ("postgres", remote)):
            build = [sys.executable, "-m", "dbt.cli.main", "--quiet", "build", "--target-path", str(folder / f"target-{engine}"), "--log-path", str(folder / "logs")]
            skipped = ["--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]
            subprocess.run([*build[:3], "--quiet", "parse", *build[5:]], cwd=PROJECT, check=True, env=environment)  # parsing is not what is measured
            found[engine] = timed([*build, *skipped], environment, lambda: server_used(server))
            seconds, cpu = found[engine]
            ratios = [value / base for value, base in zip(found[engine], found["duckdb"], strict=True)]
            print(f"build on {engine:<10} {seconds:8.1f} s  {cpu:8.1f} CPU s   × {ratios[0]:.2f} in time, × {ratios[1]:.2f} in CPU", flush=True)
        slowest(folder, options.models)
    return 0


if __name__ == "__main__":
    sys.exit(main())
