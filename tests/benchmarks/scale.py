"""What the pipeline costs at size, beside the floors: the least that any engine must do on the same files.

    python tests/benchmarks/scale.py --events 1000000
    python tests/benchmarks/scale.py --events 10000000 --days 90 --typed
    python tests/benchmarks/scale.py --events 100000000 --one-full

Simulates a business, builds it in full without its last day, adds that day, runs again with nothing new, and builds everything in
full; then asks it what a dashboard would; then the floors in plain DuckDB over the same Parquet files, and what a full refresh must do besides. Prints a table of CPU seconds; the
parts of every build lie in build/bench/<events>/*.json. All in one run, one after the other, so that the ratios are of one machine and hour.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from python_stats.simulation import simulate

sys.path.insert(0, str(Path(__file__).resolve().parent))
from floors import BESIDES, FLOORS, KEYS, store

PROJECT = Path(__file__).resolve().parents[2]

# What a dashboard would send: one month of one journey, by day; from daily marts, and counted from attempts.
DASHBOARD = {
    "friction_journey_daily": "select day, attempts, completion_rate, duration_p50_s from friction_journey_daily "
    "where journey_id = ? and day >= ? and day < ? order by day",
    "friction_step_daily": "select day, step_id, entries, abandonment_rate, duration_p90_s from friction_step_daily "
    "where journey_id = ? and day >= ? and day < ? order by day, step_id",
    "fct_journey_attempts": "select cast(started_at as date) as day, count(*), count(*) filter (outcome = 'completed'), median(duration_s) "
    "from fct_journey_attempts where journey_id = ? and started_at >= ? and started_at < ? group by day order by day",
}  # fmt: skip


def split_off_last_day(simulated: Path, raw: Path, later: Path, ends_at: datetime) -> int:
    """Copy the simulated files to `raw`, without what landed in the last 24 hours before `ends_at`, or after, which goes to `later`; rows in the latter."""
    rows = 0
    cut = (ends_at - timedelta(hours=24)).replace(tzinfo=None)
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'; set preserve_insertion_order = true")
        for table in (*KEYS, "users"):
            source = simulated / table if (simulated / table).is_dir() else simulated / f"{table}.parquet"
            files = f"'{source}/*.parquet'" if source.is_dir() else f"'{source}'"
            (raw / table).mkdir(parents=True)
            (later / table).mkdir(parents=True)
            names = {row[0] for row in connection.execute(f"describe select * from read_parquet({files})").fetchall()}
            moments = [f"try_cast({name} as timestamp)" for name in ("loaded_at", "received_at") if name in names]
            if table == "users" or not moments:
                shutil.copytree(source, raw / table, dirs_exist_ok=True) if source.is_dir() else shutil.copy(source, raw / table)
                continue
            landed = f"coalesce({', '.join(moments)})"
            for folder, condition in ((raw, f"{landed} < ? or {landed} is null"), (later, f"{landed} >= ?")):
                part = f"select * from read_parquet({files}) where {condition}"
                counted = connection.execute(f"copy ({part}) to '{folder / table / 'part.parquet'}' (format parquet, row_group_size 122880)", [cut]).fetchone()
            rows += counted[0]  # type: ignore[index]
    return rows


def build(folder: Path, name: str, raw: Path, database: str, *flags: str) -> dict[str, object]:
    """One measured build, in a process of its own."""
    output = folder / f"{name}.json"
    environment = os.environ | {
        "EMPATHY_ROI_DATABASE": str(folder / database), "EMPATHY_ROI_RAW_LOCATION": f"{raw}/{{table}}", "DBT_PROFILES_DIR": str(PROJECT),
        "EMPATHY_ROI_SEEDS": os.path.relpath(folder / "seeds", PROJECT),
    }  # fmt: skip
    command = [sys.executable, str(Path(__file__).with_name("measured_build.py")), str(output), "--exclude-resource-type", "test",
               "--exclude-resource-type", "unit_test", "--target-path", str(folder / "target"), "--log-path", str(folder / "logs"), *flags]  # fmt: skip
    before = cpu_of_children()
    done = subprocess.run(command, cwd=PROJECT, env=environment, text=True, capture_output=True, check=False)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    # with what the database does when it is closed, which the process itself does not see
    return json.loads(output.read_text()) | {"total_s": cpu_of_children() - before}


def cpu_of_children() -> float:
    """User and system time of the processes that have been waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def dashboard(database: Path) -> dict[str, float]:
    """Milliseconds that the queries of a dashboard take, the median of eleven, on a connection that only reads."""
    found = {}
    with duckdb.connect(str(database), read_only=True) as connection:
        asked = connection.execute(
            "select min(journey_id), max(day) - interval 30 days, max(day) from friction_journey_daily").fetchone()  # fmt: skip
        assert asked
        for name, query in DASHBOARD.items():
            times = []
            for _ in range(11):
                start = time.perf_counter()
                rows = connection.execute(query, asked).fetchall()
                times.append(1000 * (time.perf_counter() - start))
                assert rows, f"{name} has nothing of that month"
            found[name] = sorted(times)[len(times) // 2]
    return found


def floor(raw: Path, name: str) -> float:
    """CPU seconds of one floor, in a process of its own."""
    done = subprocess.run([sys.executable, __file__, "--floor", name, "--raw", str(raw)], text=True, capture_output=True, check=True)
    return float(done.stdout)


def storing(database: Path) -> dict[str, float]:
    """CPU seconds of writing each table of a built database once more, in a process of its own."""
    done = subprocess.run([sys.executable, __file__, "--store", str(database)], text=True, capture_output=True, check=True)
    return json.loads(done.stdout)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--typed", action="store_true", help="raw columns in their types instead of as text")
    parser.add_argument("--one-full", action="store_true", help="the build of all but the last day is the full refresh; at 100 million the second takes half an hour")
    parser.add_argument("--floor", choices=sorted(FLOORS | BESIDES), help=argparse.SUPPRESS)
    parser.add_argument("--raw", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--store", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.store:
        print(json.dumps(store(options.store)))
        return 0
    if options.floor:
        print((FLOORS | BESIDES)[options.floor](options.raw))
        return 0
    folder = PROJECT / "build" / "bench" / f"{options.events}-{'typed' if options.typed else 'text'}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    simulated = simulate(folder / "simulated", events=options.events, days=options.days, typed=options.typed, seeds_folder=folder / "seeds")
    rows = sum(simulated.rows.values())
    new = split_off_last_day(folder / "simulated", folder / "raw", folder / "later", simulated.ends_at)
    shutil.rmtree(folder / "simulated")
    print(f"{rows:,} raw rows, {simulated.rows['events']:,} of them events; {new:,} rows of the last day", flush=True)
    first = "all but the last day"
    builds = {first: build(folder, "first", folder / "raw", "warehouse.duckdb")}
    print(f"{first}: {builds[first]['total_s']:.1f} CPU s, peak {builds[first]['peak_mb']:.0f} MB", flush=True)
    for table in KEYS:
        (folder / "later" / table / "part.parquet").rename(folder / "raw" / table / "last_day.parquet")
    builds["the last day"] = build(folder, "day", folder / "raw", "warehouse.duckdb")
    builds["nothing new"] = build(folder, "nothing", folder / "raw", "warehouse.duckdb")
    if not options.one_full:
        builds["everything, in full"] = build(folder, "full", folder / "raw", "full.duckdb")
    whole = builds[first if options.one_full else "everything, in full"]
    full = float(whole["total_s"]) - float(whole["start_s"])  # type: ignore[arg-type]
    print("| build | CPU s | of it dbt's start | share of the full refresh beyond the start | peak MB |\n|---|---|---|---|---|")
    for name, found in builds.items():
        total, start = float(found["total_s"]), float(found["start_s"])  # type: ignore[arg-type]
        print(f"| {name} | {total:.1f} | {start:.1f} | {(total - start) / full:.1%} | {found['peak_mb']:.0f} |")
    print("\n| a month of a journey by day, from | ms |\n|---|---|")
    for name, milliseconds in dashboard(folder / ("warehouse.duckdb" if options.one_full else "full.duckdb")).items():
        print(f"| {name} | {milliseconds:.1f} |")
    floors = {name: floor(folder / "raw", name) for name in FLOORS}
    print("\n| floor | CPU s |\n|---|---|")
    for name, seconds in floors.items():
        print(f"| {name} | {seconds:.1f} |")
    together = sum(floors.values())
    print(f"| together | {together:.1f} |")
    print(f"\nfull refresh: {full / together:.1f} times the floors; {options.events / full:,.0f} events a CPU second")
    besides = {name: floor(folder / "raw", name) for name in BESIDES}
    print("\n| what a full refresh must do besides | CPU s |\n|---|---|")
    for name, seconds in besides.items():
        print(f"| {name} | {seconds:.1f} |")
    kept = storing(folder / ("warehouse.duckdb" if options.one_full else "full.duckdb"))
    written = sum(kept.values())
    checked = sum(seconds for name, seconds in kept.items() if name.startswith("int_checked_"))
    marts = sum(seconds for name, seconds in kept.items() if not name.startswith("int_") and name != "checkpoint")
    print(f"| the build's checked rows written once more, with nothing computed | {checked:.1f} |\n| its marts, likewise | {marts:.1f} |")
    least = together + sum(besides.values()) + checked + marts
    print(f"\nthe least, floors and all this: {least:.1f}, {least / together:.1f} times the floors; all of the build's tables written once more: {written:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
