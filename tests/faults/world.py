"""A small business with yesterday's publication and a new day's rows landed: what every fault starts from."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

PROJECT = Path(__file__).resolve().parents[2]
WORK = PROJECT / "build" / "faults"
BASE = WORK / "base"
#: What all runs here leave out, to be three times as fast: unit tests look at the SQL; the generic tests are all alike; seeds and the rules
#: about them are as they were.
SHORT = (
    "--exclude-resource-type", "unit_test", "--exclude-resource-type", "seed", "--exclude", "test_type:generic", "--exclude", "path:models/configuration",
)  # fmt: skip
FIRST = ("--exclude-resource-type", "unit_test", "--exclude", "test_type:generic")
#: A run that builds next to nothing, but passes every stage.
SHORTEST = ("--select", "as_of", "--exclude-resource-type", "unit_test", "--exclude-resource-type", "test")
TELLS_OF_RUNS = {"run_history"}
TABLES = {
    "events": "received_at", "message_events": "received_at", "ticket_events": "received_at", "survey_responses": "received_at",
    "transactions": "received_at", "experiment_assignments": "received_at", "consents": "received_at", "users": "created_at",
}  # fmt: skip

Export = dict[str, str]


@dataclass
class Done:
    """A run that ended.

    Attributes:
        code: its exit code; negative where a signal ended it.
        output: all it said.
        cpu_s: CPU seconds of it and its children.
    """

    code: int
    output: str
    cpu_s: float

    def says(self, *words: str) -> bool:
        """Is there a line with all these words, and no stack trace anywhere?"""
        lines = self.output.splitlines()
        return any(all(word in line for word in words) for line in lines) and "Traceback" not in self.output


@dataclass(frozen=True)
class World:
    """A folder with all that a target's runs read and write.

    Attributes:
        folder: holds `raw`, `work.duckdb`, `runs`, `published`, `target`; the seeds lie beside it.
        seeds: the configuration.
    """

    folder: Path
    seeds: Path
    changed: dict[str, str] = field(default_factory=dict)

    @property
    def database(self) -> Path:
        return self.folder / "work.duckdb"

    @property
    def published(self) -> Path:
        return self.folder / "published"

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("EMPATHY_ROI_", "DBT_"))}
        return kept | {
            "EMPATHY_ROI_DATABASE": str(self.database),
            "EMPATHY_ROI_RAW_LOCATION": str(self.folder / "raw" / "{table}"),
            "EMPATHY_ROI_SEEDS": os.path.relpath(self.seeds, PROJECT),
            "EMPATHY_ROI_RUNS": str(self.folder / "runs"),
            "EMPATHY_ROI_PUBLISHED": str(self.published),
            "DBT_PROFILES_DIR": str(PROJECT),
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "PYTHONPATH": f"{PROJECT}{os.pathsep}{PROJECT / 'tests'}",
            "NO_COLOR": "1",
        } | self.changed  # fmt: skip

    def start(self, *arguments: str, command: str = "run", built: bool = False) -> subprocess.Popen[str]:
        """`empathy-roi run` in a process group of its own; where it is built already, without dbt (`faults.built`)."""
        return subprocess.Popen(
            [sys.executable, "-m", "faults.built" if built else "python_stats", command, *arguments],
            cwd=PROJECT, env=self.environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
            errors="replace",
        )  # fmt: skip

    def run(self, *arguments: str, command: str = "run", built: bool = False) -> Done:
        """The same to its end."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        process = self.start(*arguments, command=command, built=built)
        output, _ = process.communicate()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return Done(process.returncode, output, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)

    def last_record(self) -> dict[str, object]:
        """What is on record about the newest run; nothing where there is none."""
        found = sorted((self.folder / "runs").glob("*/run.json"))
        return json.loads(found[-1].read_text(encoding="utf-8")) if found else {}

    def exported(self) -> Export:
        """A hash of the sorted export of every mart and every published table, and of every published page."""
        found: Export = {}
        current = (self.published / "current").resolve()
        for name, path in (("work", self.database), ("published", current / "empathy_roi.duckdb")):
            with duckdb.connect(str(path), read_only=True) as connection:
                for table in tables_of(connection, self.seeds):
                    columns = "* exclude (publication_id)" if table == "publication" else "*"
                    where = " where table_name not in ('run_history')" if table == "publication" else ""
                    rows = sorted(map(repr, connection.execute(f'select {columns} from "{table}"{where}').fetchall()))
                    found[f"{name}.{table}"] = hashlib.sha256("\n".join(rows).encode("utf-8", "surrogatepass")).hexdigest()
        for page in sorted(current.glob("*.html")):
            found[f"page.{page.name}"] = hashlib.sha256(page.read_bytes()).hexdigest()
        return found


def tables_of(connection: duckdb.DuckDBPyConnection, seeds: Path) -> list[str]:
    """Marts, the statistics' tables and `publication`: neither seeds, nor steps on the way, nor what tells of the runs themselves."""
    found = connection.execute("select table_name from information_schema.tables where table_schema = 'main' order by 1").fetchall()
    return [
        name for (name,) in found
        if not name.startswith(("int_", "stg_", "cfg_", "seed_violations")) and name not in TELLS_OF_RUNS and not (seeds / f"{name}.csv").is_file()
    ]  # fmt: skip


def differing(one: Export, other: Export) -> list[str]:
    """Names of what differs."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


@dataclass(frozen=True)
class Prepared:
    """The world as it can be put back, and what the new day's run leaves, undisturbed: the same as an increment and as a full refresh.

    Attributes:
        world: always in the same place, since dbt parses anew where a path has changed.
        wanted: the export after the run.
        seconds: how long each stage took, by kind of run.
    """

    world: World
    wanted: Export
    seconds: dict[str, dict[str, float]]

    def put_back(self, state: str) -> World:
        """The world as it was in the `morning` (the new day's rows have landed), in the `evening` (the marts are built, but nothing is
        analysed or published) or at `night` (the run is through)."""
        _copy(BASE / state, self.world.folder)
        return self.world


def _copy(source: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, symlinks=True)


def prepare(events: int = 400, seed: int = 7) -> Prepared:
    """Make the world, once: what was made with the same code is taken up again."""
    world, memory = World(WORK / "world", WORK / "seeds"), BASE / "known.json"
    stamp = fingerprint()
    if memory.is_file():
        known = json.loads(memory.read_text())
        if known["stamp"] == stamp:
            return Prepared(world, known["wanted"], known["seconds"])
    for place in (WORK / "world", WORK / "seeds", BASE):
        shutil.rmtree(place, ignore_errors=True)
    _raw(events, seed)
    land(world, "first")
    _must(world.run(*FIRST))
    land(world, "second")
    _copy(world.folder, BASE / "morning")
    seconds = {"increment": _timed(world, *SHORT)}
    wanted = world.exported()
    _copy(world.folder, BASE / "night")
    prepared = Prepared(world, wanted, seconds)
    prepared.put_back("morning")
    seconds["full"] = _timed(world, *SHORT, "--full-refresh")
    _same(prepared, "a full refresh")
    prepared.put_back("morning")
    _must(world.run(*SHORT, command="build"))
    _copy(world.folder, BASE / "evening")
    seconds["built"] = _timed(world, built=True)
    _same(prepared, "a run of what is built")
    memory.write_text(json.dumps({"stamp": stamp, "wanted": wanted, "seconds": seconds}))
    return prepared


def _timed(world: World, *arguments: str, built: bool = False) -> dict[str, float]:
    began = time.monotonic()
    done = world.run(*arguments, built=built)
    _must(done)
    stages = world.last_record()["seconds"]
    assert isinstance(stages, dict)
    return {"whole": time.monotonic() - began, "cpu": done.cpu_s, **stages}


def _same(prepared: Prepared, what: str) -> None:
    found = differing(prepared.wanted, prepared.world.exported())
    if found:
        raise AssertionError(f"{what} differs from an increment: {found}")


def land(world: World, day: str) -> None:
    """A day's files in the raw folders."""
    for table in TABLES:
        folder = world.folder / "raw" / table
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(WORK / "days" / day / f"{table}.parquet", folder / f"{day}.parquet")


def _raw(events: int, seed: int) -> None:
    """Two days of a simulated business: nine tenths of the rows that landed first, and the rest."""
    from python_stats.simulation import simulate

    simulate(WORK / "simulated", events=events, seed=seed, seeds_folder=WORK / "seeds")
    with duckdb.connect(":memory:") as connection:
        for table, landed in TABLES.items():
            source = f"(select *, row_number() over (order by try_cast({landed} as timestamp) nulls first) as n, count(*) over () as rows_in from '{WORK}/simulated/{table}.parquet')"
            for day, part in (("first", "n <= rows_in * 0.9"), ("second", "n > rows_in * 0.9")):
                target = WORK / "days" / day / f"{table}.parquet"
                target.parent.mkdir(parents=True, exist_ok=True)
                connection.execute(f"copy (select * exclude (n, rows_in) from {source} where {part}) to '{target}' (format parquet)")


def _must(done: Done) -> None:
    if done.code:
        raise AssertionError(f"the undisturbed run ended with {done.code}:\n" + "\n".join(done.output.splitlines()[-30:]))


def fingerprint() -> str:
    """Of everything that decides what is built."""
    digest = hashlib.sha256()
    for path in sorted([*PROJECT.glob("models/**/*.sql"), *PROJECT.glob("macros/**/*.sql"), *PROJECT.glob("python_stats/**/*.*"), *PROJECT.glob("seeds/*.csv")]):
        if path.suffix != ".pyc":
            digest.update(path.read_bytes())
    return digest.hexdigest()
