"""Postgres is restarted while a build is at work: the build says so and ends, and the same command, run again, ends where nobody would know.

    python tests/faults/postgres_restart.py             # each kind of stop at six moments, in first builds and in increments
    python tests/faults/postgres_restart.py --quick     # one moment of each

A business is simulated in two batches, on a server of the script's own. An undisturbed database takes both, one after the other; so does
a struck one, whose build is hit when dbt has said OK a number of times: in order (`fast`: sessions are told) or as if the power had gone
(`immediate`). Then every mart is compared, byte for byte in a sorted export.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import duckdb

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "tests" / "python"))

import engines  # noqa: E402
import postgres_server  # noqa: E402

WORK = PROJECT / "build" / "postgres-restart"
KINDS = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}
SAID = "the server went away while dbt was at work; run the same command again"
STEPS_ON_THE_WAY = ("int_", "stg_", "cfg_", "seed_violations")


def write_batches(folder: Path, events: int) -> list[str]:
    """Raw rows up to a day and all of them, as places to load from."""
    from python_stats.simulation import simulate

    everything = simulate(folder / "all", events=events, seed=7).raw_location
    (folder / "first").mkdir()
    for path in (folder / "all").glob("*.parquet"):
        columns = {name for name, *_ in duckdb.sql(f"describe select * from '{path}'").fetchall()}
        time = next((name for name in ("loaded_at", "received_at") if name in columns), None)
        where = f"where cast({time} as timestamp) < (select median(cast({time} as timestamp)) from '{path}')" if time else ""
        duckdb.sql(f"select * from '{path}' {where}").write_parquet(str(folder / "first" / path.name))
    return [str(folder / "first" / "{table}.parquet"), everything]


def build(environment: dict[str, str], folder: Path, strike: tuple[int, postgres_server.Server, signal.Signals] | None = None) -> tuple[int, str]:
    """`empathy-roi build`, hit when dbt has said OK that many times; (exit code, what was said)."""
    skipped = ["--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]
    command = [sys.executable, "-m", "python_stats", "build", *skipped, "--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]
    process = subprocess.Popen(command, cwd=PROJECT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert process.stdout is not None
    said, done = [], 0
    for line in process.stdout:
        said.append(line)
        done += " OK " in line
        if strike and done >= strike[0]:
            strike[1].stop(strike[2])
            strike[1].start()
            strike = None
    return process.wait(), "".join(said)


def load(environment: dict[str, str], location: str) -> None:
    subprocess.run([sys.executable, "-m", "python_stats", "load", location], cwd=PROJECT, env=environment, check=True, capture_output=True)


def marts_of(server: postgres_server.Server, schema: str) -> dict[str, list[str]]:
    with server.connect() as connection:
        names = [name for name in engines.postgres_tables(connection, schema) if not name.startswith(STEPS_ON_THE_WAY)]
        return {name: sorted(map(repr, engines.postgres_rows(connection, schema, name)[1])) for name in names}


def strike_once(server: postgres_server.Server, batches: list[str], kind: str, batch: int, moment: int, folder: Path) -> tuple[dict[str, list[str]], list[str]]:
    """Both batches with one hit; (the marts at the end, what went wrong)."""
    environment = {**os.environ, **server.environment, "EMPATHY_ROI_SCHEMA": "struck", "DBT_PROFILES_DIR": str(PROJECT), "NO_COLOR": "1"}
    faults = []
    with server.connect() as connection:
        connection.execute("drop schema if exists struck cascade")
    for number, location in enumerate(batches):
        load(environment, location)
        code, said = build(environment, folder, (moment, server, KINDS[kind]) if number == batch else None)
        if number == batch:
            if code not in (0, 75) or (code == 75 and said.strip().splitlines()[-1].count(SAID) != 1):
                faults.append(f"exit code {code}: {said.strip().splitlines()[-1]}")
            if code == 0:
                print(f"   (nothing was at work on the server at that moment: {kind}, {moment})")
            code, said = build(environment, folder)
        if code != 0:
            faults.append(f"afterwards exit code {code}: {said[-2000:]}")
    return marts_of(server, "struck"), faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one moment of each kind")
    parser.add_argument("--moments", type=int, default=6, help="of each kind")
    parser.add_argument("--events", type=int, default=2000)
    options = parser.parse_args()
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    order = random.Random(1)
    failed = 0
    with postgres_server.running() as server:
        batches = write_batches(WORK / "raw", options.events)
        environment = {**os.environ, **server.environment, "EMPATHY_ROI_SCHEMA": "undisturbed", "DBT_PROFILES_DIR": str(PROJECT), "NO_COLOR": "1"}
        for location in batches:
            load(environment, location)
            code, said = build(environment, WORK)
            if code:
                print(said[-2000:])
                return 1
        expected = marts_of(server, "undisturbed")
        plan = [(kind, number % 2, order.randrange(3, 120)) for number in range(1 if options.quick else options.moments) for kind in KINDS]
        for kind, batch, moment in plan:
            found, faults = strike_once(server, batches, kind, batch, moment, WORK)
            faults += [f"{name} differs" for name in sorted({*found, *expected}) if found.get(name) != expected.get(name)]
            print(f"{'XX' if faults else 'ok'} {kind}, batch {batch + 1}, after {moment} nodes", flush=True)
            print("\n".join(faults), end="\n" if faults else "")
            failed += bool(faults)
    print(f"restarts: {len(plan) - failed} of {len(plan)} mended, {len(expected)} marts each")
    return 1 if failed or len(expected) < 40 else 0


if __name__ == "__main__":
    sys.exit(main())
