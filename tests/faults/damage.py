"""What breaks around a run: disks, memory, folders, clocks, files. Each time: a clear message, the right exit code, readers undisturbed, and the same command mends it."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from faults.kills import watched
from faults.world import FIRST, PROJECT, SHORT, SHORTEST, WORK, Done, Prepared, World, differing

MIB = 1 << 20
Wrong = list[str]


def tried(prepared: Prepared, world: World, broken: Done, words: tuple[str, ...], arguments: tuple[str, ...] = SHORTEST, code: int = 2) -> Wrong:
    """What is wrong with the broken run, and with the same command when the fault is gone.

    Args:
        world: in which the run broke, without the fault.
        broken: the run.
        words: what a line of its output has to say.
        arguments: of the command.
        code: the exit code it ought to have.
    """
    wrong = [] if broken.code == code else [f"ended with {broken.code}, not {code}: {broken.output.splitlines()[-3:]}"]
    if not broken.says(*words):
        (WORK / "last_output.txt").write_text(broken.output)
        wrong.append(f"does not say {words}, or shows a stack: {broken.output.splitlines()[-4:]}")
    done = world.run(*arguments)
    if done.code:
        return [*wrong, f"the next run ended with {done.code}: {done.output.splitlines()[-3:]}"]
    return wrong + [f"differs: {name}" for name in differing(prepared.wanted, world.exported())]


@contextmanager
def mounted(world: World, size: int) -> Iterator[None]:
    """The world on a disk of its own of so many bytes."""
    aside = world.folder.with_name("aside")
    shutil.rmtree(aside, ignore_errors=True)
    world.folder.rename(aside)
    world.folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(world.folder)], check=True)
    try:
        shutil.copytree(aside, world.folder, symlinks=True, dirs_exist_ok=True)
        yield
    finally:
        subprocess.run(["umount", str(world.folder)], check=True)
        shutil.rmtree(aside)


def used(folder: Path) -> int:
    """Bytes that a folder's files take, in whole pages."""
    return sum(-(-path.lstat().st_size // 4096) * 4096 + 4096 for path in folder.rglob("*"))


def full_disk(free: int, state: str) -> Callable[[Prepared], Wrong]:
    """A disk that has so many bytes left."""

    def fault(prepared: Prepared) -> Wrong:
        world = prepared.put_back(state)
        arguments = SHORT if state == "morning" else SHORTEST
        with mounted(world, used(world.folder) + free):
            with watched(world) as reader:
                broken = world.run(*arguments)
            subprocess.run(["mount", "-o", "remount,size=2g", str(world.folder)], check=True)
            return tried(prepared, world, broken, ("No space left on device",), arguments) + reader["wrong"]

    return fault


def little_memory(prepared: Prepared) -> Wrong:
    """DuckDB may use next to nothing."""
    world = prepared.put_back("evening")
    arguments = ("--select", "int_person_days", *SHORTEST)
    broken = replace(world, changed={"EMPATHY_ROI_MEMORY_LIMIT": "1MB"}).run(*arguments)
    return tried(prepared, world, broken, ("memory",), arguments)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """A folder that cannot be written, not even by root."""
    subprocess.run(["mount", "--bind", str(folder), str(folder)], check=True)
    subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def unwritable(name: str) -> Callable[[Prepared], Wrong]:
    """A folder of the world that cannot be written."""

    def fault(prepared: Prepared) -> Wrong:
        world = prepared.put_back("evening")
        (world.folder / name).mkdir(exist_ok=True)
        with watched(world) as reader, read_only(world.folder / name):
            broken = world.run(*SHORTEST)
        return tried(prepared, world, broken, (name,)) + reader["wrong"]

    return fault


def clock_set_back(prepared: Prepared) -> Wrong:
    """Yesterday's run believed in 2031, today's in 2020; the files that landed are of the future."""
    world = prepared.put_back("evening")
    hook = WORK / "clock"
    hook.mkdir(exist_ok=True)
    (hook / "sitecustomize.py").write_text(
        "import datetime, time\n"
        "_shift = 86400 * 365 * 6\n_time, _real = time.time, datetime.datetime\n"
        "time.time = lambda: _time() - _shift\n"
        "class kind(type):\n"
        "    def __instancecheck__(cls, value):\n"
        "        return isinstance(value, _real)\n"
        "class datetime_(_real, metaclass=kind):\n"
        "    @classmethod\n"
        "    def now(cls, tz=None):\n"
        "        return _real.now(tz) - datetime.timedelta(seconds=_shift)\n"
        "    @classmethod\n"
        "    def utcnow(cls):\n"
        "        return _real.utcnow() - datetime.timedelta(seconds=_shift)\n"
        "datetime.datetime = datetime_\n"
    )
    for path in world.folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            os.utime(path, (2_000_000_000, 2_000_000_000))
    earlier = replace(world, changed={"PYTHONPATH": f"{hook}{os.pathsep}{PROJECT}{os.pathsep}{PROJECT / 'tests'}"})
    done = earlier.run(*SHORTEST)
    wrong = [] if done.code == 0 else [f"ended with {done.code}: {done.output.splitlines()[-3:]}"]
    record = world.last_record()
    if not str(record.get("started_at", "")).startswith("2020"):
        wrong.append(f"the clock was not set back: {record.get('started_at')}")
    if (world.published / "current").readlink().name != record.get("run_id"):
        wrong.append("readers do not see the run")
    return wrong + [f"differs: {name}" for name in differing(prepared.wanted, world.exported())]


def parquet(how: str) -> Callable[[Prepared], Wrong]:
    """One of the files that landed is broken."""

    def fault(prepared: Prepared) -> Wrong:
        world = prepared.put_back("evening")
        arguments = ("--full-refresh", "--select", "int_checked_events", *SHORTEST) if how == "overwritten" else SHORTEST
        path = world.folder / "raw" / "events" / "second.parquet"
        whole = path.read_bytes()
        half = len(whole) // 2
        path.write_bytes({"cut off": whole[:half], "empty": b"", "overwritten": whole[:100] + random.Random(1).randbytes(half) + whole[100 + half :], "no Parquet": b"event_id,event_name\n"}[how])
        with watched(world) as reader:
            broken = world.run(*arguments)
        path.write_bytes(whole)
        return tried(prepared, world, broken, ("second.parquet",), arguments) + reader["wrong"]

    return fault


def working_file(how: str) -> Callable[[Prepared], Wrong]:
    """The working database is damaged: it is set aside, and the next run builds it anew."""

    def fault(prepared: Prepared) -> Wrong:
        world = prepared.put_back("evening")
        size = world.database.stat().st_size
        with world.database.open("r+b") as file:
            if how == "overwritten":
                file.seek(size // 2)
                file.write(random.Random(1).randbytes(size // 3))
            else:
                file.truncate({"cut in half": size // 2, "last bytes cut": size - 4096, "empty": 0}[how])
        with watched(world) as reader:
            broken = world.run(*SHORTEST)
        # a selection cannot make a new database, so that the next run is one of everything
        done = world.run(*FIRST)
        wrong = [] if broken.code == 2 and broken.says("work.duckdb", "damaged", "set aside") else [f"{broken.code}: {broken.output.splitlines()[-3:]}"]
        wrong += [] if done.code == 0 else [f"the next run ended with {done.code}: {done.output.splitlines()[-3:]}"]
        return wrong + reader["wrong"] + [f"differs: {name}" for name in differing(prepared.wanted, world.exported()) if not done.code]

    return fault


def published_file(prepared: Prepared) -> Wrong:
    """The published database is cut in half: nobody can roll back to it, and the next run publishes a whole one."""
    world = prepared.put_back("evening")
    path = (world.published / "current").resolve() / "empathy_roi.duckdb"
    os.truncate(path, path.stat().st_size // 2)
    done = world.run(built=True)
    wrong = [] if done.code == 0 else [f"ended with {done.code}: {done.output.splitlines()[-3:]}"]
    wrong += [f"differs: {name}" for name in differing(prepared.wanted, world.exported())]
    back = world.run("--rollback", command="publish")
    if back.code != 2 or not back.says("no whole publication"):
        wrong.append(f"rolled back to half a file: {back.code} {back.output}")
    return wrong


def retried(prepared: Prepared) -> Wrong:
    """A build that failed, then `dbt retry`, which builds a part of what failed, then our own command."""
    world = prepared.put_back("morning")
    path = world.folder / "raw" / "ticket_events" / "second.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + random.Random(1).randbytes(len(whole) // 2) + whole[100 + len(whole) // 2 :])
    broken = world.run(*SHORT)
    path.write_bytes(whole)
    target = world.folder / "runs" / str(world.last_record()["run_id"]) / "target"
    subprocess.run(
        [sys.executable, "-c", "from dbt.cli.main import cli; cli()", "--quiet", "retry", "--target-path", str(target), "--log-path", str(WORK / "retry")],
        cwd=PROJECT, env=world.environment(), check=False, capture_output=True,
    )  # fmt: skip
    return tried(prepared, world, broken, ("second.parquet",), SHORT)


FAULTS: dict[str, Callable[[Prepared], Wrong]] = {
    **{f"a full disk, {free:g} MiB left": full_disk(int(free * MIB), "evening") for free in (0.1, 2, 6, 10)},
    "a full disk in the middle of the build": full_disk(7 * MIB, "morning"),
    "a memory limit of 1 MB": little_memory,
    **{f"an unwritable folder `{name}`": unwritable(name) for name in ("published", "runs", "target")},
    "a failed build, then `dbt retry`": retried,
    "a clock set back by six years": clock_set_back,
    **{f"a Parquet file {how}": parquet(how) for how in ("cut off", "empty", "overwritten")},
    "a file that is no Parquet": parquet("no Parquet"),
    **{f"the working database {how}": working_file(how) for how in ("cut in half", "last bytes cut", "overwritten", "empty")},
    "the published database cut in half": published_file,
}


def run(prepared: Prepared, seconds: float) -> dict[str, Wrong]:
    """Every fault that is not on record yet, until the time is up; what was wrong with each."""
    memory = WORK / "damage.json"
    known: dict[str, Wrong] = json.loads(memory.read_text()) if memory.is_file() else {}
    deadline = time.monotonic() + seconds
    for name, fault in FAULTS.items():
        if name in known or time.monotonic() > deadline:
            continue
        known[name] = fault(prepared)
        memory.write_text(json.dumps(known, indent=1))
        print(f"{'XX' if known[name] else 'ok'} {name} {known[name][:4] or ''}", flush=True)
    return known
