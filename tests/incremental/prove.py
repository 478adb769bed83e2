"""Incremental = full: after the last increment every mart equals a full refresh, byte for byte in a sorted export.

    python tests/incremental/prove.py                 # 240 ways of cutting and shuffling arrivals, in rounds of 30
    python tests/incremental/prove.py --rounds 3,4 --ways 6
    python tests/incremental/prove.py --quick         # six ways, for every change
    python tests/incremental/prove.py --resume        # what has passed with the same SQL is not run again

A round packs its ways into one build, as disjoint persons: each way is a world of the oracle's generator of its own, cut into
batches at random places in an order of its own (by arrival, at random, backwards, identity links last, copies last, person by
person). `as_of` moves with what has landed, or is set by variable, forwards and back. The generator lies beside the project
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
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parent))
from arrivals import WAYS, batches_of, generate, write_batch

PROJECT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("EMPATHY_ROI_SHARED", PROJECT.parent / "shared"))
GENERATOR = SHARED / "oracle" / "generate.py"
WORK = PROJECT / "build" / "incremental"
ROUNDS = 8
WAYS_A_ROUND = 30
BATCHES = 4


def prove(folder: Path, number: int, ways: int, batches: int, persons: int) -> list[str]:
    """Build a round both ways.

    Args:
        folder: where it happens; what lies there is replaced.
        number: which round: decides the worlds, their ways and how `as_of` moves.
        ways: worlds in it, each cut in a way of its own.
        batches: increments, the first load included.
        persons: random persons a world, beside the oracle's edge cases.

    Returns:
        What differs, a line each; nothing where nothing does.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    order = random.Random(number)
    everything = [folder / "batches" / f"batch_{place + 1:02d}" for place in range(batches)]
    for world in range(ways):
        rows, columns = generate(GENERATOR, folder / "world", 1000 * number + world, persons)
        way = WAYS[world % len(WAYS)]
        for path, batch in zip(everything, batches_of(rows, columns, batches, way, order), strict=True):
            write_batch(path / f"world_{world:03d}", batch, columns)
    steps = [
        {"database": str(folder / "increments.duckdb"), "raw": str(folder / "landed"), "seeds": str(folder / "world" / "seeds"),
         "batches": [str(world) for path in everything[: place + 1] for world in sorted(path.iterdir())],
         "variables": variables, "full": False}
        for place, variables in enumerate(moments(number, batches))
    ]  # fmt: skip
    steps.append(steps[-1] | {"database": str(folder / "full.duckdb"), "full": True})
    (folder / "steps.json").write_text(json.dumps(steps, indent=1), encoding="utf-8")
    built = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("builder.py")), str(folder / "steps.json")], text=True, capture_output=True, check=False)
    if built.returncode:
        return (built.stdout + built.stderr).splitlines()[-30:]
    return differences(folder / "increments.duckdb", folder / "full.duckdb", folder / "world" / "seeds")


def moments(number: int, batches: int) -> list[dict[str, object]]:
    """The variables of each step: in every fourth round `as_of` is set, forwards, back, and forwards again."""
    shared: dict[str, object] = {"event_dimensions": ["device"], "user_segments": ["plan", "country"]} if number % 2 else {}
    if number % 4:
        return [shared] * batches
    days = ["2025-04-10", "2025-04-20", "2025-04-15 13:00:00", "2025-04-22 06:00:00"]
    return [shared | {"as_of": days[place % len(days)]} for place in range(batches)]


def marts_of(connection: duckdb.DuckDBPyConnection, seeds: Path) -> list[str]:
    """Whatever is neither a seed nor a step on the way."""
    found = connection.execute("select table_name from information_schema.tables where table_schema = 'main' order by 1").fetchall()
    return [name for (name,) in found
            if not name.startswith(("int_", "stg_", "cfg_", "seed_violations")) and not (seeds / f"{name}.csv").is_file()]  # fmt: skip


def differences(one: Path, other: Path, seeds: Path) -> list[str]:
    """Marts whose sorted exports differ, each with a few of the rows that only one of the two has."""
    found: list[str] = []
    with duckdb.connect(str(one), read_only=True) as left, duckdb.connect(str(other), read_only=True) as right:
        marts = marts_of(left, seeds)
        if marts != marts_of(right, seeds) or len(marts) < 20:
            return [f"not the same marts: {marts} and {marts_of(right, seeds)}"]
        for mart in marts:
            rows = [sorted(map(repr, connection.execute(f'select * from "{mart}"').fetchall())) for connection in (left, right)]
            if rows[0] != rows[1]:
                only = [sorted(set(rows[place]) - set(rows[1 - place])) for place in (0, 1)]
                found.append(f"{mart}: {len(rows[0])} rows after increments, {len(rows[1])} in full; "
                             f"only after increments {len(only[0])} {only[0][:2]}; only in full {len(only[1])} {only[1][:2]}")  # fmt: skip
    return found


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
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.ways, options.batches = "1", len(WAYS), 3
    if not GENERATOR.is_file():
        print(f"incremental: skipped, there is no oracle beside the project ({GENERATOR})")
        return 0
    WORK.mkdir(parents=True, exist_ok=True)
    memory = WORK / "passed.json"
    passed = json.loads(memory.read_text()) if memory.is_file() else {}
    now, failed = fingerprint(), 0
    rounds = [int(number) for number in options.rounds.split(",")]
    for number in rounds:
        name = f"round-{number}-{options.ways}-{options.batches}-{options.persons}"
        if options.resume and passed.get(name) == now:
            print(f"ok {name} (before)")
            continue
        found = prove(WORK / f"round-{number}", number, options.ways, options.batches, options.persons)
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
