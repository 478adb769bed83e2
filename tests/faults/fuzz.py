"""Fuzzing of the command line and of the seeds: never a stack trace, always an exit code that means something.

Three ways: arguments and files through the command line in this process (dbt left out), thousands of them; cells of seeds through the SQL of
the rules, as dbt compiled it; whole seed files through `empathy-roi build`.
"""

from __future__ import annotations

import csv
import json
import os
import random
import re
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, Phase, given, seed, settings

from faults.fuzz_cases import calls, changed_seeds, tables, write_seeds
from faults.world import PROJECT, WORK, Prepared, World

CODES = {0, 1, 2, 75}
_SETTINGS = settings(max_examples=50, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))


def complaint(arguments: list[str], result: Result) -> str | None:
    """What is wrong with how a call ended."""
    if result.exit_code not in CODES:
        return f"{arguments}: exit code {result.exit_code}"
    text = result.output + result.stderr
    if "Traceback" in text or "empathy-roi: unexpected" in text:
        return f"{arguments}: {text.strip().splitlines()[-1][:300]}"
    if result.exit_code == 2 and not text.strip():
        return f"{arguments}: ended with 2 and says nothing"
    return None


def command_line(source: Path, deadline: float, first: int = 0, codes: Counter[str] | None = None, at_once: int = 50) -> tuple[int, list[str]]:
    """Calls in this process, until the time is up.

    Args:
        source: a project folder with a filled and analysed warehouse, to copy from.
        deadline: by time.monotonic().
        first: seed of the first fifty.
        codes: gets how often each command ended with each exit code.
        at_once: calls between two looks at the clock.

    Returns:
        How many calls, and what was wrong.
    """
    from python_stats import dbt_runner
    from python_stats.cli import main

    def builds_nothing(project: Any, *_: Any, **__: Any) -> int:
        dbt_runner.check_available(project)
        project.target_folder.mkdir(parents=True, exist_ok=True)
        (project.target_folder / "manifest.json").write_text('{"nodes": {}}')
        return 0

    wrong: list[str] = []
    counted = 0
    chance = random.Random(first)
    here = Path.cwd()
    before = dbt_runner.build
    dbt_runner.build = builds_nothing
    environment = {name: value for name, value in os.environ.items() if name.startswith(("DBT_", "EMPATHY_ROI_"))}
    for name in environment:
        del os.environ[name]
    try:
        while time.monotonic() < deadline:
            with tempfile.TemporaryDirectory() as place:
                project = Path(shutil.copytree(source, Path(place) / "a" / "b" / "project"))
                os.chdir(project)
                _figures(project)

                @seed(first)
                @settings(_SETTINGS, max_examples=at_once)
                @given(calls(), tables())
                def one(arguments: list[str], content: bytes) -> None:
                    nonlocal counted
                    Path("figures.csv").write_bytes(content)
                    if chance.random() < 0.1:  # now and then something else than the warehouse is in its place
                        Path("w.duckdb").write_bytes(content)
                    else:
                        shutil.copy(source / "w.duckdb", "w.duckdb")
                    result = CliRunner().invoke(main, [_without_nul(argument) for argument in arguments])
                    counted += 1
                    if codes is not None:
                        codes[f"{arguments[0]} {result.exit_code}"] += 1
                    found = complaint(arguments, result)
                    if found:
                        wrong.append(found)

                one()
                os.chdir(here)
                strays = [path.name for path in Path(place).iterdir() if path.name != "a"]
                wrong.extend(f"wrote outside of its folder: {name}" for name in strays)
            first += 1
    finally:
        os.chdir(here)
        dbt_runner.build = before
        os.environ.update(environment)
    return counted, wrong


def _without_nul(argument: str) -> str:
    return argument.replace("\x00", "␀")  # no operating system hands one over


def _figures(folder: Path) -> None:
    (folder / "daily.csv").write_text("day,variant,orders,visitors\n" + "".join(f"2026-01-{day:02d},{variant},{day + 10},{100 + day}\n" for day in range(1, 20) for variant in ("control", "new")))


def seed_cells(compiled: Path, seeds: Path, deadline: float, first: int = 0) -> tuple[int, list[str]]:
    """Cells of seeds through the compiled rules: no SQL fails, and whatever is wrong is told with file, key, column, rule.

    Args:
        compiled: folder of dbt's compiled models about the configuration.
        seeds: the seeds to start from.
        deadline: by time.monotonic().
        first: seed of the first cases.

    Returns:
        How many sets of seeds, and what was wrong.
    """
    known, columns = read_seeds(seeds)
    wrong: list[str] = []
    counted = 0
    rules = sorted(compiled.glob("seed_violations_*.sql"))
    typed = sorted(compiled.glob("cfg_*.sql"))
    assert len(rules) >= 6 and len(typed) >= 10

    def one(changed: dict[str, list[dict[str, str]]]) -> None:
        nonlocal counted
        if time.monotonic() > deadline:
            return
        counted += 1
        with duckdb.connect(":memory:") as connection:
            connection.execute("attach ':memory:' as work; use work")
            for name, rows in changed.items():
                connection.execute(f"create table {name} ({', '.join(f'{column} varchar' for column in columns[name])})")
                if rows:
                    connection.executemany(f"insert into {name} values ({', '.join('?' * len(columns[name]))})", [[row[column] for column in columns[name]] for row in rows])
            for path in [*rules, *typed]:
                try:
                    found = connection.execute(re.sub(r'"\w+"\."main"\.', "work.main.", path.read_text(encoding="utf-8"))).fetchall()
                except duckdb.Error as error:
                    wrong.append(f"{path.stem}: {str(error).splitlines()[0][:200]}")
                    continue
                if path in rules:
                    wrong.extend(f"{path.stem}: {row}" for row in found if not all(row) or not row[4].startswith(row[0]) or row[1] not in row[4])

    while time.monotonic() < deadline:
        seed(first)(_SETTINGS(given(changed_seeds(known))(one)))()
        first += 1
    return counted, wrong


def read_seeds(folder: Path) -> tuple[dict[str, list[dict[str, str]]], dict[str, list[str]]]:
    """Rows and columns of every seed."""
    rows, columns = {}, {}
    for path in sorted(folder.glob("*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            columns[path.stem] = list(reader.fieldnames or [])
            rows[path.stem] = list(reader)
    return rows, columns


def _bytes_of(path: Path, chance: random.Random) -> str:
    """Do something to a whole file that a cell cannot do, and say what."""
    content = path.read_bytes()
    lines = content.split(b"\n")
    ways: dict[str, Callable[[], bytes]] = {
        "empty": lambda: b"", "only a header": lambda: lines[0] + b"\n", "no header": lambda: b"\n".join(lines[1:]), "cut off": lambda: content[: len(content) // 2],
        "Latin-1": lambda: content + "\xe9\xff".encode("latin-1"), "UTF-16": lambda: content.decode().encode("utf-16"), "a BOM": lambda: b"\xef\xbb\xbf" + content, "NUL": lambda: content.replace(b",", b"\x00,", 3),
        "an open quote": lambda: content + b'"open,', "CRLF": lambda: content.replace(b"\n", b"\r\n"), "semicolons": lambda: content.replace(b",", b";"), "a column less": lambda: b"\n".join(line.rpartition(b",")[0] for line in lines),
        "a column more": lambda: b"\n".join(line + b",x" for line in lines), "a column twice": lambda: lines[0] + b"," + lines[0].split(b",")[0] + b"\n" + b"\n".join(line + b",x" for line in lines[1:]),
        "short rows": lambda: b"\n".join([lines[0], *(line[: len(line) // 2] for line in lines[1:])]), "random bytes": lambda: chance.randbytes(300), "upper-case names": lambda: lines[0].upper() + b"\n" + b"\n".join(lines[1:]),
        "a name of SQL": lambda: lines[0] + b',"x""; drop table events; --"\n' + b"\n".join(line + b",y" for line in lines[1:] if line),
    }  # fmt: skip
    way = chance.choice(sorted(ways))
    path.write_bytes(ways[way]())
    return way


def seed_files(prepared: Prepared, deadline: float, first: int = 0) -> tuple[int, list[str]]:
    """Whole seed files through `empathy-roi build`: an exit code that means something, a message that names the file, no stack."""
    known, columns = read_seeds(prepared.world.seeds)
    wrong: list[str] = []
    counted = 0
    while time.monotonic() < deadline:
        chance = random.Random(first)
        folder = WORK / "fuzzed"
        shutil.rmtree(folder / "seeds", ignore_errors=True)
        what = "as they are"
        if chance.random() < 0.5:
            cases: list[dict[str, list[dict[str, str]]]] = []

            def one(changed: dict[str, list[dict[str, str]]]) -> None:
                cases.append(changed)  # noqa: B023 -- called at once

            seed(first)(settings(_SETTINGS, max_examples=3)(given(changed=changed_seeds(known))(one)))()
            write_seeds(folder / "seeds", cases[-1], columns)
            what = "cells changed"
        else:
            shutil.copytree(prepared.world.seeds, folder / "seeds")
            path = chance.choice(sorted((folder / "seeds").glob("*.csv")))
            what = f"{path.name}: {_bytes_of(path, chance)}"
        world = World(folder, folder / "seeds", {"EMPATHY_ROI_RAW_LOCATION": f"{WORK}/simulated/{{table}}.parquet"})
        done = world.run("--select", "resource_type:seed", "--select", "path:models/configuration", "--select", "seeds_follow_the_rules", "--", "--indirect-selection", "cautious", command="build")
        counted += 1
        if done.code not in CODES or "Traceback" in done.output or "unexpected" in done.output.splitlines()[-1:]:
            wrong.append(f"{first} ({what}): {done.code} {[line for line in done.output.splitlines() if line.strip()][-2:]}")
        elif done.code and ".csv" not in done.output:
            wrong.append(f"{first} ({what}): ended with {done.code} and names no file: {[line for line in done.output.splitlines() if line.strip()][-2:]}")
        print(f"{'XX' if wrong else 'ok'} seeds {first}, {what}: {done.code} {wrong[-1:] or ''}", flush=True)
        first += 1
    return counted, wrong


def run(prepared: Prepared, wanted_s: float, seconds: float) -> dict[str, Any]:
    """The three in turn, until they have run for so long; what is on record is added to, with other cases."""
    import sys

    sys.path.insert(0, str(PROJECT / "tests" / "python"))
    from handmade_warehouse import marts, write_database, write_project

    from python_stats import pipeline
    from python_stats.analysis import Options
    from python_stats.project import Flags, open_project
    from python_stats.warehouse import open_warehouse

    memory = WORK / "fuzz.json"
    known: dict[str, Any] = json.loads(memory.read_text()) if memory.is_file() else {"seconds": 0, "calls": 0, "seed_sets": 0, "seed_files": 0, "wrong": []}
    seconds = min(seconds, wanted_s - known["seconds"])
    if seconds <= 0:
        return known
    source = WORK / "fuzz-project"
    shutil.rmtree(source, ignore_errors=True)
    write_database(write_project(source) / "w.duckdb", marts())
    with open_warehouse(open_project(Flags(project_dir=str(source), profiles_dir=str(source)))) as opened:
        pipeline.run(opened, Options())
    compiled = next((prepared.put_back("morning").folder / "runs").glob("*/target/compiled/empathy_roi/models/configuration"))
    with suppress(FileNotFoundError):
        shutil.rmtree(WORK / "compiled")
    shutil.copytree(compiled, WORK / "compiled")
    parts: tuple[tuple[str, Callable[[float], tuple[int, list[str]]]], ...] = (
        ("calls", lambda until: command_line(source, until, known["calls"])),
        ("seed_sets", lambda until: seed_cells(WORK / "compiled", prepared.world.seeds, until, known["seed_sets"])),
        ("seed_files", lambda until: seed_files(prepared, until, known["seed_files"])),
    )
    for name, part in parts:
        counted, wrong = part(time.monotonic() + seconds / len(parts))
        known[name] += counted
        known["wrong"] += sorted(set(wrong))[:20]
        print(f"{'XX' if wrong else 'ok'} fuzz, {name}: {counted} {sorted(set(wrong))[:5] or ''}", flush=True)
    known["seconds"] += seconds
    memory.write_text(json.dumps(known))
    return known
