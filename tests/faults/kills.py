"""`kill -9` of the whole process group at random moments of all stages; then the same command again, to its end."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from faults.world import PROJECT, SHORT, WORK, Prepared, World, differing

#: Where the kills fall in each kind of run: the share of each stage.
STAGES = {
    "increment": {"build": 0.85, "analyze": 0.05, "report": 0.05, "publish": 0.05},
    "full": {"build": 0.85, "analyze": 0.05, "report": 0.05, "publish": 0.05},
    "built": {"analyze": 0.25, "report": 0.25, "publish": 0.5},
}
#: How many times the same command is killed before it is let through.
KILLS_IN_A_ROW = (1, 1, 2, 2, 3, 4)
KINDS = {"increment": SHORT, "full": (*SHORT, "--full-refresh"), "built": ()}


@contextmanager
def watched(world: World) -> Iterator[dict[str, Any]]:
    """A reader looks while the block runs; afterwards what it found is in the mapping."""
    stop, report = world.folder.parent / f"{world.folder.name}.stop", world.folder.parent / f"{world.folder.name}.reader.json"
    stop.unlink(missing_ok=True)
    report.unlink(missing_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "faults.reader", str(world.published), str(stop), str(report)],
        stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": f"{PROJECT}{os.pathsep}{PROJECT / 'tests'}"},
    )  # fmt: skip
    found: dict[str, Any] = {}
    try:
        assert process.stdout is not None and process.stdout.readline() == "looking\n"
        yield found
    finally:
        stop.touch()
        process.wait(timeout=120)
        found.update(json.loads(report.read_text()) if report.is_file() else {"glances": 0, "looks": 0, "publications": 0, "wrong": ["the reader died"]})


def killed(world: World, kind: str, stage: str, seconds: dict[str, float], chance: random.Random) -> str | None:
    """Start a run and kill it in (or shortly after) a stage.

    Returns:
        What it was at, such as `build`, `tests` or `publish`; None where it had ended by itself.
    """
    known = world.last_record().get("run_id")
    process = world.start(*KINDS[kind], built=kind == "built")
    try:
        while stage != "build" and process.poll() is None:
            record = world.last_record()
            if record.get("run_id") != known and record.get("stage") == stage:
                break
            time.sleep(0.005)
        wait_until = time.monotonic() + chance.random() * seconds[stage] * 1.05
        while process.poll() is None and time.monotonic() < wait_until:
            time.sleep(0.002)
    finally:
        alive = process.poll() is None
        if alive:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    if not alive:
        return None
    record = world.last_record()
    if record.get("run_id") == known:
        return "start"
    found = str(record["stage"])
    return _of_the_build(world, str(record["run_id"])) if found == "build" else found


def _of_the_build(world: World, run_id: str) -> str:
    """What dbt was at: `start` (before the first node), `build` or `tests`."""
    path = world.folder / "runs" / run_id / "logs" / "dbt.log"
    kinds = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []:
        try:
            kinds.append(json.loads(line)["data"]["node_info"]["resource_type"])
        except (ValueError, KeyError, TypeError):
            continue
    return "start" if not kinds else "tests" if kinds[-1] == "test" else "build"


def trial(prepared: Prepared, kind: str, number: int) -> dict[str, Any]:
    """One to four kills in a row, then the same command once more, to its end."""
    chance = random.Random(f"{kind} {number}")
    world = prepared.put_back("evening" if kind == "built" else "morning")
    kills: list[str] = []
    wrong: list[str] = []
    with watched(world) as reader:
        for _ in range(chance.choice(KILLS_IN_A_ROW)):
            stage = chance.choices(list(STAGES[kind]), list(STAGES[kind].values()))[0]
            at = killed(world, kind, stage, prepared.seconds[kind], chance)
            if at:
                kills.append(at)
        done = world.run(*KINDS[kind], built=kind == "built")
    if done.code:
        wrong.append(f"the run after the kills ended with {done.code}: {done.output.splitlines()[-3:]}")
    else:
        wrong += [f"differs: {name}" for name in differing(prepared.wanted, world.exported())]
    left = [path.name for path in world.published.iterdir() if path.name.startswith(".")]
    return {
        "trial": number, "kind": kind, "kills": kills, "cpu_s": round(done.cpu_s, 1), "looks": reader["looks"], "glances": reader["glances"],
        "publications": reader["publications"], "wrong": wrong + reader["wrong"] + [f"left behind: {name}" for name in left],
    }  # fmt: skip


def storm(prepared: Prepared, kinds: Sequence[str], wanted_kills: int, seconds: float) -> list[dict[str, Any]]:
    """Trials of some kinds in turn until there are so many kills of them on record or the time is up; none is repeated."""
    deadline = time.monotonic() + seconds
    (WORK / "kills").mkdir(parents=True, exist_ok=True)
    while True:
        done = [found for found in records() if found["kind"] in kinds]
        kills = sum(len(found["kills"]) for found in done)
        if kills >= wanted_kills or time.monotonic() >= deadline:
            return done
        kind = kinds[len(done) % len(kinds)]
        number = max((found["trial"] for found in done if found["kind"] == kind), default=0) + 1
        found = trial(prepared, kind, number)
        (WORK / "kills" / f"{kind}-{number:04d}.json").write_text(json.dumps(found))
        print(f"{'XX' if found['wrong'] else 'ok'} {kills + len(found['kills'])} of {wanted_kills} kills; {kind} {number}: {', '.join(found['kills'])} {found['wrong'][:3] or ''}", flush=True)


def records() -> list[dict[str, Any]]:
    """What is on record, by trial."""
    return [json.loads(path.read_text()) for path in sorted((WORK / "kills").glob("*.json"))]
