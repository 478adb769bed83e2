"""The stages that commands are made of: build, analyse, report, publish. Beside the command line only this module knows all the others."""

import dataclasses
import functools
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from python_stats.errors import DamagedDatabaseError, UserError
from python_stats.privacy import small_cells
from python_stats.project import Project
from python_stats.sql_warehouse import Shown, quoted
from python_stats.warehouse import database_path, is_damage_message, open_warehouse

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from python_stats.analysis import Options
    from python_stats.operations import nightly
    from python_stats.operations.database_publication import DatabasePublications
    from python_stats.operations.history import RunRecord
    from python_stats.operations.lock import RunLock
    from python_stats.pipeline import Run

Flags = Mapping[str, Any]

_PARSED = "partial_parse.msgpack"
_NO_UNIT_TESTS = ("--exclude-resource-type", "unit_test")  # they check the SQL, which no night changes, and not the data


def build(
    project: Project,
    flags: Flags,
    more: Sequence[str],
    environment: dict[str, str] | None = None,
    lock: "RunLock | None" = None,
) -> int:
    """`dbt build`, under a lock where the database does not see to it itself.

    Args:
        flags: the command's own, by the name of their parameter.
        more: for dbt, as they are.
        environment: variables on top of the process's own.
        lock: of the run that builds; None for a build by itself.

    Returns:
        dbt's exit code in the project's terms.
    """
    from python_stats import dbt_runner

    if lock is None and project.output.get("type") in ("postgres", "spark"):
        with _server_lock(project, "a build") as held:
            return build(project, flags, more, environment, held)

    arguments: list[str] = []
    for name in ("select", "exclude", "resource_type", "exclude_resource_type"):
        for value in flags[name]:
            arguments += [f"--{name.replace('_', '-')}", value]
    for name in ("selector", "threads", "log_path"):
        if flags[name] is not None:
            arguments += [f"--{name.replace('_', '-')}", str(flags[name])]
    if flags["variables"]:
        arguments += ["--vars", flags["variables"]]
    arguments += [f"--{name.replace('_', '-')}" for name in ("full_refresh", "fail_fast") if flags[name]]
    handed = {**(environment or {}), **(lock.environment if lock else {})}
    return dbt_runner.build(project, [*arguments, *more], handed, [lock.descriptor] if lock else [])


def _server_lock(project: Project, holder: str) -> "AbstractContextManager[RunLock]":
    """The lock of a target on a server."""
    if project.output.get("type") == "postgres":
        from python_stats.operations.postgres_lock import database_lock

        return database_lock(project, holder)
    from python_stats.operations.spark_publication import machine_lock

    return machine_lock(project, holder)


def analyze(project: Project) -> "Run":
    """Effects, verdicts and money, written back beside the marts."""
    from python_stats import pipeline

    chosen = options(project)
    with open_warehouse(project) as warehouse:
        return pipeline.run(warehouse, chosen)


def report(project: Project, output: Path | None, manifest: Path | None = None) -> Path:
    """Write the pages into a folder (`out` of the project, unless told) and return the front page.

    With a manifest they show what may be published: no rows about few persons, where these are to be withheld.
    """
    from python_stats import report as site

    folder = output or project.folder / "out"
    with open_warehouse(project, read_only=True) as warehouse:
        if manifest is not None:
            warehouse.show_only(_shown(project, manifest))
        pages = site.render_site(warehouse, options(project).reporting_currency, _above_0(project, "cost_window_days", 28))
    site.write_site(folder, pages)
    return folder / site.FRONT_PAGE


def _shown(project: Project, manifest: Path) -> Shown:
    """Per table of which not every row may be published, how to make the query for those that may."""
    from python_stats import spark

    return small_cells.shown(project.variables, manifest, spark.quoted if project.output.get("type") == "spark" else quoted)


def options(project: Project) -> "Options":
    """The statistics' options, from the project's variables.

    Raises:
        UserError: a variable that is no number above 0.
    """
    from python_stats.analysis import Options

    values = {name: _above_0(project, name) for name in ("min_segment_size", "rmst_horizon_days") if name in project.variables}
    return Options(**values, reporting_currency=str(project.variables.get("reporting_currency", "EUR")))


def _above_0(project: Project, name: str, default: Any = None) -> Any:
    """A variable of the project that is a number.

    Raises:
        UserError: it is none, or not above 0.
    """
    value = project.variables.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise UserError(f"variable '{name}': {value!r} must be a number above 0")
    return value


def manifest_of(pages: Path) -> Path:
    """dbt's manifest of the run that made these pages."""
    return pages.parent / "target" / "manifest.json"


def places(project: Project, root: Path, runs: Path, include_persons: bool = False) -> "nightly.Places":
    """Where the target's readers find its figures, and the lock that all who work on it meet at.

    Args:
        root: folder of the publications.
        runs: folder of the runs' records, logs and artifacts.
        include_persons: publish tables about single persons, too.

    Raises:
        UserError: a kind of target that cannot publish.
    """
    from python_stats import public_tables
    from python_stats.operations.nightly import Places

    def tables(pages: Path) -> list[str]:
        found = public_tables.published(manifest_of(pages), include_persons)
        with open_warehouse(project, read_only=True) as warehouse:
            return [table for table in found if warehouse.has(table)]

    def shown(pages: Path) -> Shown:
        return _shown(project, manifest_of(pages))

    kind = project.output.get("type")
    publications: DatabasePublications | None = None
    if kind == "postgres":
        from python_stats.operations.postgres_publication import PostgresPublications

        publications = PostgresPublications(project, root, tables, shown)
    elif kind == "spark":
        from python_stats.operations.spark_publication import SparkPublications

        publications = SparkPublications(project, root, tables, shown)
    if publications is not None:
        return Places(runs, publications, publications.lock, target=publications.target)
    if kind != "duckdb":
        raise UserError(f"target '{project.target_name}': 'run' and 'publish' work on targets of type 'duckdb', 'postgres' or 'spark'")
    from python_stats.operations.lock import run_lock
    from python_stats.operations.publication import Content, Files

    path = database_path(project)

    def content(pages: Path) -> Content:
        return Content(path, project.schema, tables(pages), pages, shown(pages))

    files = Files(root, content)
    lock = path.with_name(path.name + ".lock")  # beside the working database, so that all who work on it meet there
    return Places(runs, files, functools.partial(run_lock, lock), target=f"{lock.resolve()} {project.schema}")


def nightly_run(
    project: Project, flags: Flags, more: Sequence[str], root: Path, runs: Path, include_persons: bool
) -> "tuple[nightly.Stages, nightly.Places]":
    """What `run` is made of.

    Args:
        more: for dbt, as they are.
        root: folder of the publications.
        runs: folder of the runs' records, logs and artifacts.
        include_persons: publish tables about single persons, too.
    """
    from python_stats import pipeline
    from python_stats.operations import history, nightly

    def build_in(folder: Path, lock: "RunLock") -> int:
        target = folder / "target"
        target.mkdir(parents=True, exist_ok=True)
        if (project.target_folder / _PARSED).is_file():
            shutil.copy2(project.target_folder / _PARSED, target / _PARSED)
        own = dataclasses.replace(project, target_folder=target)
        logs = ["--log-path", str(folder / "logs"), "--log-format-file", "json", "--log-level-file", "info"]
        code = build(own, {**flags, "log_path": None}, [*logs, *_NO_UNIT_TESTS, *more], lock=lock)
        if (target / _PARSED).is_file():
            project.target_folder.mkdir(parents=True, exist_ok=True)
            shutil.move(target / _PARSED, project.target_folder / _PARSED)
        return code

    def state() -> Any:
        with open_warehouse(project, read_only=True) as warehouse:
            return pipeline.read_now(warehouse)[0], pipeline.read_sources(warehouse)

    def record(records: list[history.RunRecord]) -> None:
        with open_warehouse(project) as warehouse:
            warehouse.write({"run_history": history.rows(records)})

    def show(folder: Path) -> None:
        report(project, folder, manifest_of(folder))

    def mend(error: BaseException) -> BaseException:
        return _set_aside(project, error, history.load(runs), run_places.target) if _tells_of_damage(project, error) else error

    run_places = places(project, root, runs, include_persons)
    small_cells.least(project.variables)  # a wrong variable is told before anything is built
    stages = nightly.Stages(build_in, lambda: analyze(project), show, state, record, _why, mend)
    return stages, run_places


def _why(folder: Path) -> str:
    from python_stats.dbt_runner import first_failure

    return first_failure(folder / "target" / "run_results.json")


def _tells_of_damage(project: Project, error: BaseException | None) -> bool:
    """Did any stage, dbt or ours, find the working database cut off or overwritten?"""
    if project.output.get("type") != "duckdb":
        return False
    while error is not None:
        if isinstance(error, DamagedDatabaseError) or is_damage_message(str(error), database_path(project)):
            return True
        error = error.__cause__ or error.__context__
    return False


def _set_aside(project: Project, error: BaseException, records: "Sequence[RunRecord]", target: str) -> BaseException:
    """Move a damaged working database away, if it is ours and all in it can be built anew; what to tell the user."""
    path = database_path(project)
    is_ours = any(record.target == target and record.outcome == "published" for record in records)
    if not is_ours or project.raw_location is None:  # raw tables in it cannot be built anew
        return error
    aside = path.with_name(path.name + ".damaged")
    path.replace(aside)
    path.with_name(path.name + ".wal").unlink(missing_ok=True)
    return DamagedDatabaseError(
        f"{path}: the working database is damaged, and was set aside as {aside.name}; run again, and it is built anew from the raw data"
    )
