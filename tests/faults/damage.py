"""What breaks around a run: disks, memory, folders, clocks, files. Each time: a clear message, the right exit code, readers undisturbed, and the same command mends it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from faults.kills import watched
from faults.world import PROJECT, SHORT, WORK, Done, Prepared, World, differing

MIB = 1 << 20
Wrong = list[str]


def tried(prepared: Prepared, world: World, broken: Done, code: int, words: tuple[str, ...], again: World | None = None) -> Wrong:
    """The broken run, then the same command when the fault is gone.

    Args:
        world: in which the run broke.
        broken: the run.
        code: the exit code it ought to have.
        words: what a line of its output has to say.
        again: the world without the fault; None: as it is.
    """
    wrong = [] if broken.code == code else [f"ended with {broken.code}, not {code}: {broken.output.splitlines()[-3:]}"]
    if not broken.says(*words):
        wrong.append(f"does not say {words}, or shows a stack: {broken.output.splitlines()[-4:]}")
    done = (again or world).run(*SHORT)
    if done.code:
        return [*wrong, f"the next run ended with {done.code}: {done.output.splitlines()[-3:]}"]
    return wrong + [f"differs: {name}" for name in differing(prepared.wanted, (again or world).exported())]


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


def full_disk(free: int) -> Callable[[Prepared], Wrong]:
    """A disk that has so many bytes left."""

    def fault(prepared: Prepared) -> Wrong:
        world = prepared.put_back("morning")
        with mounted(world, used(world.folder) + free):
            with watched(world) as reader:
                broken = world.run(*SHORT)
            subprocess.run(["mount", "-o", "remount,size=2g", str(world.folder)], check=True)
            return tried(prepared, world, broken, 2, ("No space left on device",)) + reader["wrong"]

    return fault


def little_memory(prepared: Prepared) -> Wrong:
    """DuckDB may use next to nothing."""
    world = prepared.put_back("morning")
    broken = replace(world, changed={"EMPATHY_ROI_MEMORY_LIMIT": "1MB"}).run(*SHORT)
    return tried(prepared, world, broken, 2, ("memory",))


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
            broken = world.run(*SHORT)
        return tried(prepared, world, broken, 2, (name,)) + reader["wrong"]

    return fault


def clock_set_back(prepared: Prepared) -> Wrong:
    """Yesterday's run believed in 2031, today's in 2020; the files that landed are of the future."""
    world = prepared.put_back("morning")
    hook = WORK / "clock"
    hook.mkdir(exist_ok=True)
    (hook / "sitecustomize.py").write_text(
        "import datetime, time\n"
        "_shift = 86400 * 365 * 6\n_time, _real = time.time, datetime.datetime\n"
        "time.time = lambda: _time() - _shift\n"
        "class datetime_(_real):\n"
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
    done = earlier.run(*SHORT)
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
        world = prepared.put_back("morning")
        path = world.folder / "raw" / "events" / "second.parquet"
        whole = path.read_bytes()
        half = len(whole) // 2
        path.write_bytes({"cut off": whole[:half], "empty": b"", "overwritten": whole[:100] + os.urandom(half) + whole[100 + half :], "no Parquet": b"event_id,event_name\n"}[how])
        with watched(world) as reader:
            broken = world.run(*SHORT)
        path.write_bytes(whole)
        return tried(prepared, world, broken, 2, ("second.parquet",)) + reader["wrong"]

    return fault


def working_file(how: str) -> Callable[[Prepared], Wrong]:
    """The working database is damaged: it is set aside, and the next run builds it anew."""

    def fault(prepared: Prepared) -> Wrong:
        world = prepared.put_back("morning")
        size = world.database.stat().st_size
        with world.database.open("r+b") as file:
            if how == "overwritten":
                file.seek(size // 2)
                file.write(os.urandom(size // 3))
            else:
                file.truncate({"cut in half": size // 2, "last bytes cut": size - 4096, "empty": 0}[how])
        with watched(world) as reader:
            broken = world.run(*SHORT)
        # dbt needs the seeds in a new database, so that the next run is one of everything
        done = world.run("--exclude-resource-type", "unit_test", "--exclude", "test_type:generic")
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


FAULTS: dict[str, Callable[[Prepared], Wrong]] = {
    **{f"a full disk, {free / MIB:g} MiB left": full_disk(int(free)) for free in (0.06 * MIB, 0.5 * MIB, 2 * MIB, 8 * MIB)},
    "a memory limit of 1 MB": little_memory,
    **{f"an unwritable folder `{name}`": unwritable(name) for name in ("published", "runs", "target")},
    "a clock set back by six years": clock_set_back,
    **{f"a Parquet file {how}": parquet(how) for how in ("cut off", "empty", "overwritten")},
    "a file that is no Parquet": parquet("no Parquet"),
    **{f"the working database {how}": working_file(how) for how in ("cut in half", "last bytes cut", "overwritten", "empty")},
    "the published database cut in half": published_file,
}


def found(prepared: Prepared, name: str) -> dict[str, Any]:
    """One fault, and what was wrong."""
    return {"fault": name, "wrong": FAULTS[name](prepared)}
