"""Incremental = full: after the last increment every mart equals a full refresh, byte for byte in a sorted export.

    python tests/incremental/prove.py                 # 240 ways of cutting and shuffling arrivals, in rounds of 30
    python tests/incremental/prove.py --rounds 3,4 --ways 6
    python tests/incremental/prove.py --quick         # six ways, for every change
    python tests/incremental/prove.py --resume        # what has passed with the same SQL is not run again
    python tests/incremental/prove.py --target postgres --rounds 1,4 --ways 12   # on a server of its own, and beside DuckDB's full refresh
    python tests/incremental/prove.py --target spark --rounds 1 --ways 6 --batches 2       # on a cluster of its own, beside DuckDB's

A round packs its ways into one build, as disjoint persons: each way is a world of the oracle's generator of its own, cut into
batches at random places in an order of its own (by arrival, at random, backwards, identity links last, copies last, person by
person). In half of the rounds they land as Parquet files, of which an increment reads the new ones, in the others as CSV, of which it
counts the landing hours; on a server always as CSV. `as_of` moves with what has landed, or is set by variable, forwards and back; in
some rounds the experiments' seeds change half-way. Every experiment wants every metric. The generator lies beside the project
(../shared/oracle, or EMPATHY_ROI_SHARED); without it the script says so and exits with 0.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import duckdb

PROJECT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(Path(__file__).resolve().parent), str(PROJECT / "tests" / "python")]

import engines  # noqa: E402
import postgres_server  # noqa: E402
import spark_cluster  # noqa: E402
from arrivals import WAYS, batches_of, declare_all_metrics, generate, seeds_of_before, write_batch  # noqa: E402

SHARED = Path(os.environ.get("EMPATHY_ROI_SHARED", PROJECT.parent / "shared"))
GENERATOR = SHARED / "oracle" / "generate.py"
WORK = PROJECT / "build" / "incremental"
ROUNDS = 8
WAYS_A_ROUND = 30
BATCHES = 4
SCHEMAS = ("increments", "anew")  # on a server


def prove(folder: Path, number: int, ways: int, batches: int, persons: int, engine: engines.Engine | None = None) -> list[str]:
    """Build a round both ways.

    Args:
        folder: where it happens; what lies there is replaced.
        number: which round: decides the worlds, their ways and how `as_of` moves.
        ways: worlds in it, each cut in a way of its own.
        batches: increments, the first load included.
        persons: random persons a world, beside the oracle's edge cases.
        engine: the server on which the proof is to happen, if not on DuckDB: its increments are then compared with DuckDB's full refresh
            as well, on Spark with that alone.

    Returns:
        What differs, a line each; nothing where nothing does.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    order = random.Random(number)
    form = "parquet" if number % 4 in (1, 2) and engine is None else "csv"
    everything = [folder / "batches" / f"batch_{place + 1:02d}" for place in range(batches)]
    for world in range(ways):
        rows, columns = generate(GENERATOR, folder / "world", 1000 * number + world, persons)
        way = WAYS[world % len(WAYS)]
        for path, batch in zip(everything, batches_of(rows, columns, batches, way, order), strict=True):
            write_batch(path / f"world_{world:03d}", batch, columns, form)
    seeds = folder / "world" / "seeds"
    declare_all_metrics(seeds)
    before = seeds_of_before(seeds, folder / "seeds_before") if number % 4 == 2 else seeds
    remote = {"increments": {}, "full": {}} if engine is None else {
        name: engine.environment | {"EMPATHY_ROI_SCHEMA": schema} for name, schema in (("increments", "increments"), ("full", "anew"))
    }  # fmt: skip
    steps = [
        {"database": str(folder / "increments.duckdb"), "raw": str(folder / "landed"), "seeds": str(before if place < batches // 2 else seeds),
         "batches": [str(world) for path in everything[: place + 1] for world in sorted(path.iterdir())],
         "form": form, "variables": variables, "full": False, "environment": remote["increments"]}
        for place, variables in enumerate(moments(number, batches))
    ]  # fmt: skip
    last = steps[-1] | {"database": str(folder / "full.duckdb"), "full": True}
    if engine is None or engine.name != "spark":
        steps.append(last | {"environment": remote["full"]})
    failure = build(folder / "steps.json", steps)
    if engine is None or failure:
        return failure or differences(folder / "increments.duckdb", folder / "full.duckdb", seeds)
    return (
        (differences_on(engine, seeds) if engine.name != "spark" else [])
        or build(folder / "steps.json", [last | {"environment": {}}])
        or differences_from_duckdb(engine, folder / "full.duckdb", seeds)
    )


def build(path: Path, steps: list[dict[str, object]]) -> list[str]:
    """Build the steps one after the other; what went wrong, or nothing."""
    path.write_text(json.dumps(steps, indent=1), encoding="utf-8")
    built = subprocess.run([sys.executable, str(Path(__file__).with_name("builder.py")), str(path)], text=True, capture_output=True, check=False)
    return (built.stdout + built.stderr).splitlines()[-30:] if built.returncode else []


def moments(number: int, batches: int) -> list[dict[str, object]]:
    """The variables of each step: in every fourth round `as_of` is set, forwards, back, and forwards again."""
    shared: dict[str, object] = {"event_dimensions": ["device"], "user_segments": ["plan", "country"]} if number % 2 else {}
    if number % 4:
        return [shared] * batches
    days = ["2025-04-10", "2025-04-20", "2025-04-15 13:00:00", "2025-04-22 06:00:00"]
    return [shared | {"as_of": days[place % len(days)]} for place in range(batches)]


def is_mart(name: str, seeds: Path) -> bool:
    """Whatever is neither a seed nor a step on the way."""
    return not name.startswith(("int_", "stg_", "cfg_", "seed_violations")) and not (seeds / f"{name}.csv").is_file()


def marts_of(connection: duckdb.DuckDBPyConnection, seeds: Path) -> list[str]:
    found = connection.execute("select table_name from information_schema.tables where table_schema = 'main' order by 1").fetchall()
    return [name for (name,) in found if is_mart(name, seeds)]


def differences(one: Path, other: Path, seeds: Path) -> list[str]:
    """Marts whose sorted exports differ, each with a few of the rows that only one of the two has."""
    with duckdb.connect(str(one), read_only=True) as left, duckdb.connect(str(other), read_only=True) as right:
        marts = marts_of(left, seeds)
        if marts != marts_of(right, seeds) or len(marts) < 20:
            return [f"not the same marts: {marts} and {marts_of(right, seeds)}"]
        return [line for mart in marts for line in difference(
            mart, *(connection.execute(f'select * from "{mart}"').fetchall() for connection in (left, right)))]  # fmt: skip


def difference(mart: str, increments: list[tuple[Any, ...]], full: list[tuple[Any, ...]]) -> list[str]:
    rows = [sorted(map(repr, found)) for found in (increments, full)]
    if rows[0] == rows[1]:
        return []
    only = [sorted(set(rows[place]) - set(rows[1 - place])) for place in (0, 1)]
    return [f"{mart}: {len(rows[0])} rows after increments, {len(rows[1])} in full; "
            f"only after increments {len(only[0])} {only[0][:2]}; only in full {len(only[1])} {only[1][:2]}"]  # fmt: skip


def differences_on(engine: engines.Engine, seeds: Path) -> list[str]:
    """As `differences`, between two schemas."""
    marts, others = ([name for name in engine.tables(schema) if is_mart(name, seeds)] for schema in SCHEMAS)
    if marts != others or len(marts) < 20:
        return [f"not the same marts: {marts} and {others}"]
    return [line for mart in marts for line in difference(mart, *(engine.rows(mart, schema)[1] for schema in SCHEMAS))]


def differences_from_duckdb(engine: engines.Engine, database: Path, seeds: Path) -> list[str]:
    """Marts after the last increment on a server that are not those of DuckDB, beyond the last digits of decimals."""
    with duckdb.connect(str(database), read_only=True) as local:
        marts = marts_of(local, seeds)
    return [f"{mart} on DuckDB and on {engine.name}: {line}" for mart in marts for line in engines.differences(
        engines.duckdb_rows(database, mart), engine.rows(mart, SCHEMAS[0]))]  # fmt: skip


def fingerprint() -> str:
    """Of everything that decides what is built."""
    digest = hashlib.sha256()
    files = [*PROJECT.glob("models/**/*.sql"), *PROJECT.glob("macros/**/*.sql"), *Path(__file__).parent.glob("*.py")]
    for path in sorted([*files, PROJECT / "dbt_project.yml"]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a few ways, for every change")
    parser.add_argument("--resume", action="store_true", help="skip what has passed with the same SQL")
    parser.add_argument("--rounds", default=",".join(map(str, range(1, ROUNDS + 1))))
    parser.add_argument("--ways", type=int, default=WAYS_A_ROUND, help="worlds a round, each cut in a way of its own")
    parser.add_argument("--batches", type=int, default=BATCHES)
    parser.add_argument("--persons", type=int, default=30, help="random persons a world, beside the edge cases")
    parser.add_argument("--target", default="duckdb", choices=["duckdb", "postgres", "spark"])
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.ways, options.batches = "1", len(WAYS), 3
    if not GENERATOR.is_file():
        print(f"incremental: skipped, there is no oracle beside the project ({GENERATOR})")
        return 0
    engine = None
    with ExitStack() as stack:
        try:
            if options.target == "postgres":
                server = stack.enter_context(postgres_server.running())
                engine = engines.Postgres(stack.enter_context(server.connect()), server.environment)
            elif options.target == "spark":
                cluster = stack.enter_context(spark_cluster.running())
                engine = engines.Spark(stack.enter_context(cluster.connect()), cluster.environment)
        except (postgres_server.NoServerError, spark_cluster.NoClusterError) as error:
            print(f"incremental: skipped, {error}")
            return 0
        return prove_all([int(number) for number in options.rounds.split(",")], options, engine)


def prove_all(rounds: list[int], options: argparse.Namespace, engine: engines.Engine | None) -> int:
    """The exit code; a round that passes is remembered."""
    WORK.mkdir(parents=True, exist_ok=True)
    memory = WORK / f"passed{f'-{engine.name}' if engine else ''}.json"
    passed = json.loads(memory.read_text()) if memory.is_file() else {}
    now, failed = fingerprint(), 0
    for number in rounds:
        name = f"{f'{engine.name}-' if engine else ''}round-{number}-{options.ways}-{options.batches}-{options.persons}"
        if options.resume and passed.get(name) == now:
            print(f"ok {name} (before)")
            continue
        if engine:
            engine.drop(*SCHEMAS, "raw")
        found = prove(WORK / f"{options.target}-round-{number}", number, options.ways, options.batches, options.persons, engine)
        print(f"{'XX' if found else 'ok'} {name}", flush=True)
        if found:
            failed += 1
            print("\n".join(line[:1500] for line in found))
        else:
            passed[name] = now
            memory.write_text(json.dumps(passed, indent=1))
    print(f"incremental: {len(rounds) - failed} of {len(rounds)} rounds without a difference, {options.ways} ways each")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
