"""The stages that commands are made of: build, analyse, report, publish. Beside the command line only this module knows all the others."""

import dataclasses
import functools
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from python_stats.errors import UserError
from python_stats.project import Project
from python_stats.warehouse import database_path, open_warehouse

if TYPE_CHECKING:
    from python_stats.analysis import Options
    from python_stats.operations import nightly
    from python_stats.pipeline import Run

Flags = Mapping[str, Any]

_PARSED = "partial_parse.msgpack"


def build(
    project: Project,
    flags: Flags,
    more: Sequence[str],
    environment: dict[str, str] | None = None,
    inherited: Sequence[int] = (),
) -> int:
    """`dbt build`.

    Args:
        flags: the command's own, by the name of their parameter.
        more: for dbt, as they are.
        environment: variables on top of the process's own.
        inherited: open files that dbt holds as long as it lives.

    Returns:
        dbt's exit code in the project's terms.
    """
    from python_stats import dbt_runner

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
    return dbt_runner.build(project, [*arguments, *more], environment, inherited)


def analyze(project: Project) -> "Run":
    """Effects, verdicts and money, written back beside the marts."""
    from python_stats import pipeline

    chosen = options(project)
    with open_warehouse(project) as warehouse:
        return pipeline.run(warehouse, chosen)


def report(project: Project, output: Path | None) -> Path:
    """Write the pages into a folder (`out` of the project, unless told) and return the front page."""
    from python_stats import report as site

    folder = output or project.folder / "out"
    with open_warehouse(project, read_only=True) as warehouse:
        pages = site.render_site(warehouse, options(project).reporting_currency)
    site.write_site(folder, pages)
    return folder / site.FRONT_PAGE


def options(project: Project) -> "Options":
    """The statistics' options, from the project's variables.

    Raises:
        UserError: a variable that is no number above 0.
    """
    from python_stats.analysis import Options

    values = {name: project.variables[name] for name in ("min_segment_size", "rmst_horizon_days") if name in project.variables}
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            raise UserError(f"variable '{name}': {value!r} must be a number above 0")
    return Options(**values, reporting_currency=str(project.variables.get("reporting_currency", "EUR")))


def lock_file(project: Project) -> Path:
    """Beside the working database, so that all who work on it meet there.

    Raises:
        UserError: the target is no DuckDB file.
    """
    if project.output.get("type") != "duckdb":
        raise UserError(f"target '{project.target_name}': 'run' and 'publish' work on targets of type 'duckdb'")
    path = database_path(project)
    return path.with_name(path.name + ".lock")


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
    from python_stats import pipeline, public_tables
    from python_stats.operations import history, nightly
    from python_stats.operations.lock import run_lock
    from python_stats.operations.publication import Content, Files

    def build_in(folder: Path, descriptor: int) -> int:
        target = folder / "target"
        target.mkdir(parents=True, exist_ok=True)
        if (project.target_folder / _PARSED).is_file():
            shutil.copy2(project.target_folder / _PARSED, target / _PARSED)
        own = dataclasses.replace(project, target_folder=target)
        logs = ["--log-path", str(folder / "logs"), "--log-format-file", "json", "--log-level-file", "info"]
        code = build(own, {**flags, "log_path": None}, [*logs, *more], inherited=(descriptor,))
        if (target / _PARSED).is_file():
            project.target_folder.mkdir(parents=True, exist_ok=True)
            shutil.move(target / _PARSED, project.target_folder / _PARSED)
        return code

    def state() -> Any:
        with open_warehouse(project, read_only=True) as warehouse:
            return pipeline.read_as_of(warehouse), pipeline.read_sources(warehouse)

    def content(pages: Path) -> Content:
        tables = public_tables.published(pages.parent / "target" / "manifest.json", include_persons)
        with open_warehouse(project, read_only=True) as warehouse:
            return Content(database_path(project), project.schema, [table for table in tables if warehouse.has(table)], pages)

    def record(records: list[history.RunRecord]) -> None:
        with open_warehouse(project) as warehouse:
            warehouse.write({"run_history": history.rows(records)})

    lock = lock_file(project)
    stages = nightly.Stages(build_in, lambda: analyze(project), lambda folder: report(project, folder), state, record)
    places = nightly.Places(runs, Files(root, content), functools.partial(run_lock, lock), target=f"{lock.resolve()} {project.schema}")
    return stages, places
