"""Runs dbt as a process of its own, shows its output as it comes, and says in one exit code what happened."""

import errno
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from python_stats import postgres, seed_files, spark
from python_stats.broken_files import broken_file
from python_stats.errors import EXIT_CHECKS_FAILED, EXIT_DONE, EXIT_LOCKED, EXIT_USAGE, DamagedDatabaseError, DatabaseLockedError, UserError
from python_stats.privacy.keys import libpq_options
from python_stats.project import Project
from python_stats.warehouse import check_available, database_path, is_damage_message, is_lock_message

_PASSED = frozenset({"success", "pass", "warn", "skipped", "no-op", "reused"})
_CHECK_FAILED = frozenset({"fail"})
_EXCEPTION = re.compile(r"[A-Za-z_][\w.]*(Error|Exception|Interrupt|Exit)\b")
_PARSE_ALL = "--no-partial-parse"
_NEW_SEED = f"is new to dbt: run dbt once with {_PARSE_ALL}"  # macros/configuration/typed_seed.sql
_NO_ROOM = 1 << 20  # less than a build needs for its own log


def build(project: Project, arguments: Sequence[str], environment: Mapping[str, str] | None = None, inherited: Sequence[int] = ()) -> int:
    """`dbt build` on this project and connection.

    Args:
        project: where; its folders and target are handed to dbt, so that both use the same connection.
        arguments: further flags, as given.
        environment: variables on top of the process's own.
        inherited: open files that dbt holds as long as it lives (a run's lock).

    Returns:
        0 done; 1 only checks failed; 2 anything worse, usage and compilation included; 75 the database is locked.

    Raises:
        UserError: the database is locked before dbt starts, cannot be reached, or is none; the server went away in the middle; a raw
            file cannot be read.
        DamagedDatabaseError: its file is cut off or overwritten, as far as dbt came to see.
    """
    seed_files.check(project.folder)
    check_available(project)
    folder = database_folder(project)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    command = [
        *dbt_command(),
        "build",
        *("--project-dir", str(project.folder), "--profiles-dir", str(project.profiles_folder)),
        *("--profile", project.profile_name, "--target", project.target_name),
        *("--target-path", str(project.target_folder)),
        *arguments,
    ]
    results = project.target_folder / "run_results.json"
    before = _stamp(results)
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={**os.environ, **(libpq_options() if project.output.get("type") == "postgres" else {}), **(environment or {})},
        pass_fds=inherited,
    )
    path = database_path(project)
    was_there = path.exists()
    told = _Told(project)
    assert process.stdout is not None
    try:
        with process.stdout as output:
            for line in without_stacks(output):
                told.hear(line)
                sys.stdout.write(line)
                sys.stdout.flush()
        code = process.wait()
    except BaseException:  # interrupted, or nobody reads our output: dbt must not go on alone
        process.terminate()
        process.wait()
        raise
    if code and told.has_new_seed and _PARSE_ALL not in arguments:
        return build(project, [*arguments, _PARSE_ALL], environment, inherited)
    if code and not was_there and project.output.get("type") == "duckdb":
        _remove_empty(path)
    if code:
        told.raise_what_ended_it()
    written = results if _stamp(results) != before else None
    code = exit_code(code, told.is_locked, written)
    broken = broken_file(project, written) if code == EXIT_USAGE and project.output.get("type") == "duckdb" else None
    if broken:
        raise UserError(f"{broken} (mend or replace the file, and run again)")
    return code


class _Told:
    """What dbt's output told, line by line, beyond its exit code."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._path = database_path(project)
        self.is_locked = self.is_damaged = self.is_lost = self.is_full = self.has_new_seed = False

    def hear(self, line: str) -> None:
        """Take in one line."""
        self.is_locked = self.is_locked or is_lock_message(line)
        self.is_damaged = self.is_damaged or is_damage_message(line, self._path)
        self.is_lost = self.is_lost or _is_lost(self._project, line)
        self.has_new_seed = self.has_new_seed or _NEW_SEED in line
        self.is_full = self.is_full or os.strerror(errno.ENOSPC) in line

    def raise_what_ended_it(self) -> None:
        """Of a build that failed: what a user can do about it, where it was not about the project.

        Raises:
            UserError: a disk is full.
            DamagedDatabaseError: the database's file is cut off or overwritten.
            DatabaseLockedError: the server went away in the middle.
        """
        if self.is_full or _free_bytes(self._project.target_folder) < _NO_ROOM:
            folder = self._project.target_folder
            raise UserError(f"{folder}: {os.strerror(errno.ENOSPC)}, or on the disk of {self._path}; make room, and run again")
        if self.is_damaged:
            raise DamagedDatabaseError(f"{self._path}: the database is damaged, see dbt's log")
        if self.is_lost:
            place = postgres.place_of(self._project.output).rstrip("/")
            raise DatabaseLockedError(f"{place}: the server went away while dbt was at work; run the same command again")


def _remove_empty(path: Path) -> None:
    """Remove the database that a refused first build leaves behind, if nothing is in it."""
    import duckdb

    with suppress(duckdb.Error, OSError):
        if path.is_file():
            with duckdb.connect(str(path), read_only=True) as connection:
                found = connection.execute("select count(*) from information_schema.tables").fetchone()
            if found == (0,):
                path.unlink()


def _is_lost(project: Project, line: str) -> bool:
    """Does dbt say that the server went away in the middle of the work?"""
    says = {"postgres": postgres.is_lost_message, "spark": spark.is_lost_message}.get(str(project.output.get("type")))
    return says is not None and says(line)


def exit_code(dbt_code: int, is_locked: bool, results: Path | None) -> int:
    """One code for what dbt did.

    Args:
        dbt_code: dbt's own: 0, 1 (a node failed) or 2.
        is_locked: its output said that another process holds the database.
        results: the run_results.json it wrote; None where it wrote none.
    """
    if dbt_code == 0:
        return EXIT_DONE
    if is_locked:
        return EXIT_LOCKED
    if dbt_code != 1 or results is None:
        return EXIT_USAGE
    try:
        statuses = {str(node["status"]) for node in json.loads(results.read_text(encoding="utf-8"))["results"]}
    except (OSError, ValueError, KeyError, TypeError):
        return EXIT_USAGE
    only_checks = statuses & _CHECK_FAILED and statuses <= _PASSED | _CHECK_FAILED
    return EXIT_CHECKS_FAILED if only_checks else EXIT_USAGE


def first_failure(results: Path) -> str:
    """On one line, the first node that failed and how many more did, from the run_results.json of a build."""
    try:
        nodes = json.loads(results.read_text(encoding="utf-8"))["results"]
        failed = [node for node in nodes if node["status"] in ("error", "fail")]
        name, message = failed[0]["unique_id"].split(".")[2], " ".join(str(failed[0]["message"]).split())
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return "see the log"
    more = f", and {len(failed) - 1} more" if len(failed) > 1 else ""
    return f"{name}{more}: {message[:300]} (see the log)"


def dbt_command() -> list[str]:
    """The dbt of this interpreter.

    Raises:
        UserError: where it has none.
    """
    from importlib.util import find_spec

    if find_spec("dbt") is None or find_spec("dbt.cli") is None:
        raise UserError(f"{sys.executable}: dbt is not installed for this Python; install the project with its dependencies")
    # a log that cannot be written (a full disk) would be told with a stack for every line of it
    return [sys.executable, "-c", "import logging; logging.raiseExceptions = False; from dbt.cli.main import cli; cli()"]


def database_folder(project: Project) -> Path | None:
    """The folder that a DuckDB file will lie in (dbt does not make it); None for other databases and for ':memory:'."""
    path = str(project.output.get("path", ""))
    if project.output.get("type") != "duckdb" or not path or ":" in path:
        return None
    return (project.folder / path).parent


def without_stacks(lines: Iterable[str]) -> Iterator[str]:
    """What dbt says, without the stacks that it shows for what it did not expect: it has told the error by then, and its log keeps them."""
    is_stack = False
    for line in lines:
        if "Traceback (most recent call last)" in line:
            is_stack = True
        elif is_stack and not line.startswith((" ", "\n", "During handling of", "The above exception")):
            is_stack = _EXCEPTION.match(line) is not None
            if not is_stack:
                yield line
        elif not is_stack:
            yield line


def _free_bytes(folder: Path) -> int:
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino
