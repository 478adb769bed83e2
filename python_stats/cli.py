"""The command line. Only this module knows all the others; they are imported when a command needs them."""

import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from python_stats.errors import EXIT_USAGE, UserError

if TYPE_CHECKING:
    from python_stats.project import Project

Command = Callable[..., Any]


class Group(click.Group):
    """Turns what a user can mend into one line and an exit code; `--debug` shows the stack."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the chosen command."""
        try:
            return super().invoke(ctx)
        except UserError as error:
            if ctx.params.get("debug"):
                raise
            click.echo(f"empathy-roi: {error}", err=True)
            ctx.exit(error.exit_code)
        except (click.ClickException, click.exceptions.Exit):
            raise
        except (KeyboardInterrupt, click.Abort):  # click itself would end with 1, which says that a check failed
            click.echo("empathy-roi: interrupted", err=True)
            ctx.exit(EXIT_USAGE)
        except OSError as error:
            if ctx.params.get("debug"):
                raise
            click.echo(f"empathy-roi: {error.filename or 'a file'}: {error.strerror or error}", err=True)
            ctx.exit(EXIT_USAGE)
        except Exception as error:
            if ctx.params.get("debug"):
                raise
            reason = (str(error).splitlines() or [""])[0]
            click.echo(f"empathy-roi: unexpected {type(error).__name__}: {reason} (run with 'empathy-roi --debug …' for details)", err=True)
            ctx.exit(EXIT_USAGE)


class Finite(click.FloatRange):
    """A number in a range. Click's own lets `nan` through, which is in none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number, or a usage error that names the option."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is no finite number.", param, ctx)
        return number


class BuildCommand(click.Command):
    """Takes dbt's flags of several values as dbt does: `--select a b` is `--select a --select b`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Give each value a flag of its own, up to `--`."""
        several = {name for option in self.params if isinstance(option, click.Option) and option.multiple for name in option.opts}
        end = args.index("--") if "--" in args else len(args)
        given: list[str] = []
        flag, has_value = "", False
        for argument in args[:end]:
            if argument.startswith("-"):
                name, equals, _ = argument.partition("=")
                flag, has_value = name if name in several else "", bool(equals)
            elif flag:
                given += [flag] if has_value else []
                has_value = True
            given.append(argument)
        return super().parse_args(ctx, [*given, *args[end:]])


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.option("--debug", is_flag=True, envvar="EMPATHY_ROI_DEBUG", show_envvar=True, help="Show the stack of an error.")
@click.version_option(package_name="empathy-roi", prog_name="empathy-roi")
def main(debug: bool) -> None:
    """Proof that a more considerate product pays: build the marts, analyse the experiments, report.

    Exit codes: 0 done, 1 checks failed, 2 usage or crash, 75 the database is locked.
    """


def connection_options(command: Command) -> Command:
    """dbt's own flags for where the project and its connection are."""
    for option in reversed(
        (
            click.option("--project-dir", metavar="FOLDER", help="Folder of dbt_project.yml.  [default: here, or the nearest above]"),
            click.option("--profiles-dir", metavar="FOLDER", help="Folder of profiles.yml.  [default: here, the project, ~/.dbt]"),
            click.option("--profile", metavar="NAME", help="Profile to use instead of the project's."),
            click.option("--target", "-t", metavar="NAME", help="Target (connection) of the profile."),
            click.option("--vars", "variables", metavar="YAML", help="Variables on top of the project's."),
            click.option("--target-path", metavar="FOLDER", help="Where dbt writes its artifacts."),
        )
    ):
        command = option(command)
    return command


def build_options(command: Command) -> Command:
    """dbt's own flags for what to build and how."""
    for option in reversed(
        (
            click.option("--select", "-s", "--models", "-m", "select", multiple=True, metavar="NODES", help="Nodes to build."),
            click.option("--exclude", multiple=True, metavar="NODES", help="Nodes to leave out."),
            click.option("--selector", metavar="NAME", help="Selector of selectors.yml."),
            click.option("--resource-type", multiple=True, metavar="TYPE", help="Types of nodes to build."),
            click.option("--exclude-resource-type", multiple=True, metavar="TYPE", help="Types of nodes to leave out."),
            click.option("--full-refresh", "-f", is_flag=True, help="Rebuild incremental models from scratch."),
            click.option("--fail-fast", "-x", is_flag=True, help="Stop at the first failure."),
            click.option("--threads", type=click.IntRange(min=1), metavar="N", help="Nodes built at once."),
            click.option("--log-path", metavar="FOLDER", help="Where dbt writes its log."),
            click.argument("dbt_arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- DBT_FLAGS…]"),
        )
    ):
        command = option(command)
    return command


@main.command(cls=BuildCommand)
@connection_options
@build_options
def build(dbt_arguments: Sequence[str], **flags: Any) -> None:
    """Build and test the marts from raw data: `dbt build`. What stands after `--` goes to dbt as it is."""
    from python_stats import stages

    _exit(stages.build(_project(flags), flags, dbt_arguments))


@main.command()
@connection_options
def analyze(**flags: Any) -> None:
    """Analyse the experiments of the built marts: effects, verdicts, money; written back beside the marts."""
    from python_stats import stages

    run = stages.analyze(_project(flags))
    rows = ", ".join(f"{table} {len(content):,}" for table, content in run.tables.items())
    click.echo(f"as of {run.as_of:%Y-%m-%d %H:%M} UTC, run {run.run_id}: {rows} rows")


@main.command()
@connection_options
@click.option("--output", "-o", type=click.Path(path_type=Path, file_okay=False), help="Folder for the pages.  [default: out]")
def report(output: Path | None, **flags: Any) -> None:
    """Write the pages, the scorecard in front, from the marts and from what `analyze` found."""
    from python_stats import stages

    click.echo(f"scorecard: {_shown(stages.report(_project(flags), output))}")


publish_folder_option = click.option(
    "--publish-folder",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="EMPATHY_ROI_PUBLISHED",
    show_envvar=True,
    help="What readers see: `current` in it.  [default: published]",
)

runs_folder_option = click.option(
    "--runs-folder",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="EMPATHY_ROI_RUNS",
    show_envvar=True,
    help="Records, logs and artifacts of runs.  [default: runs]",
)


@main.command(cls=BuildCommand)
@connection_options
@build_options
@publish_folder_option
@runs_folder_option
@click.option("--keep", default=7, show_default=True, type=click.IntRange(min=2), help="How many publications to keep.")
@click.option("--wait", "wait_s", default=0.0, show_default=True, type=Finite(min=0), help="Seconds to wait for another run.")
@click.option("--include-persons", is_flag=True, help="Publish tables about single persons, too.")
def run(
    publish_folder: Path | None,
    runs_folder: Path | None,
    keep: int,
    wait_s: float,
    include_persons: bool,
    dbt_arguments: Sequence[str],
    **flags: Any,
) -> None:
    """The nightly run: build, test, analyse, report, and publish if all of it went well; else readers keep the last publication."""
    from python_stats import stages
    from python_stats.operations import nightly

    project = _project(flags)
    root = publish_folder or project.folder / "published"
    runs = runs_folder or project.folder / "runs"
    steps, places = stages.nightly_run(project, flags, dbt_arguments, root, runs, include_persons)
    code, record = nightly.run(steps, places, keep=keep, wait_s=wait_s)
    if record.outcome == "published":
        click.echo(f"published: {_shown(root)}/current is run {record.run_id}")
    else:
        where = _shown(places.runs / record.run_id)
        click.echo(f"run {record.run_id} ended in '{record.stage}': nothing was published; logs in {where}", err=True)
    _exit(code)


@main.command()
@connection_options
@publish_folder_option
@click.option("--rollback", is_flag=True, help="Switch readers to the publication before the current one.")
def publish(publish_folder: Path | None, rollback: bool, **flags: Any) -> None:
    """List what has been published; with --rollback, go back to the one before."""
    from python_stats import stages

    project = _project(flags)
    places = stages.places(project, publish_folder or project.folder / "published", project.folder / "runs")
    if rollback:
        with places.lock("a rollback", 0):
            places.published.roll_back()
    now = places.published.current()
    for name in places.published.publications():
        click.echo(f"{'*' if name == now else ' '} {name}")
    if now is None:
        click.echo("nothing is published yet; 'empathy-roi run' does it")


@main.command()
@connection_options
@publish_folder_option
@runs_folder_option
@click.option("--person", "persons", multiple=True, metavar="ID", help="A user_id, anonymous_id or person_id (u:… or a:…).")
@click.option("--person-file", type=click.File(encoding="utf-8"), help="One id a line; - for standard input, which no process list shows.")
@click.option("--wait", "wait_s", default=0.0, show_default=True, type=Finite(min=0), help="Seconds to wait for another run.")
def forget(
    publish_folder: Path | None, runs_folder: Path | None, persons: Sequence[str], person_file: Any, wait_s: float, **flags: Any
) -> None:
    """Erase persons from everything that was made of the raw rows, for good, and write a receipt; exit code 1 where an id is left."""
    from python_stats import forgetting
    from python_stats.errors import EXIT_CHECKS_FAILED

    project = _project(flags)
    given = [*persons, *(line.rstrip("\r\n") for line in person_file or () if line.strip())]
    if not given:
        raise UserError("forget: say whom, with --person ID or --person-file FILE")
    root, runs = publish_folder or project.folder / "published", runs_folder or project.folder / "runs"
    receipt, path = forgetting.forget(project, flags, given, root, runs, wait_s)
    erased = sum(receipt.rows_erased.values())
    click.echo(f"forgotten: {len(receipt.identity_hashes)} ids, {erased:,} rows of marts; receipt: {_shown(path)}")
    for table, gone in receipt.raw_rows_erased.items():
        click.echo(f"erased: {gone['rows']:,} rows of the raw table '{table}'; yours to delete in the files that it was loaded from")
    for table, left in receipt.raw_rows_left.items():
        click.echo(f"yours to delete: {left['rows']:,} rows of the raw table '{table}' {' '.join(left['files'])}".rstrip())
    if receipt.still_in:
        click.echo(f"still there: {', '.join(receipt.still_in)}", err=True)
    if receipt.not_overwritten:
        click.echo(f"deleted, but for their owner to overwrite (vacuum full): {', '.join(receipt.not_overwritten)}", err=True)
    if not receipt.is_done:
        _exit(EXIT_CHECKS_FAILED)


@main.command()
@click.argument("experiment_id", metavar="EXPERIMENT")
@click.option("--output", type=click.Choice(["table", "json"]), default="table", show_default=True, help="How to tell.")
@connection_options
def plan(experiment_id: str, output: str, **flags: Any) -> None:
    """How many persons and days EXPERIMENT takes, from the marts' own baselines and traffic, and how likely it ends in ship.

    Exit code 1 where its effect cannot be shown in the planned dates.
    """
    import json

    from python_stats import planner, stages
    from python_stats.errors import EXIT_CHECKS_FAILED, EXIT_DONE
    from python_stats.warehouse import open_warehouse

    project = _project(flags)
    options = stages.options(project)
    with open_warehouse(project, read_only=True) as warehouse:
        design, found = planner.plan_experiment(warehouse, experiment_id, options)
    if output == "json":
        click.echo(json.dumps(planner.as_json(found), indent=2, allow_nan=False))
    else:
        click.echo(planner.as_text(design, found, options.reporting_currency))
    _exit(EXIT_DONE if found.is_feasible else EXIT_CHECKS_FAILED)


@main.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--share", "shares", multiple=True, metavar="NAME=COUNT/OF", help="Daily counts: a share, each OF a person of its own.")
@click.option("--ratio", "ratios", multiple=True, metavar="NAME=COUNT/PER", help="Daily counts: a ratio, the day as the unit.")
@click.option("--control", metavar="VARIANT", help="The variant to compare with.  [default: control]")
@click.option("--experiment", metavar="NAME", help="Which of the file's experiments.")
@click.option("--variant-column", metavar="COLUMN", help="[default: variant_id, variant, group or arm]")
@click.option("--day-column", metavar="COLUMN", help="[default: day or date]")
@click.option("--split-column", metavar="COLUMN", help="Daily counts of persons, to check the split.  [default: the first OF]")
@click.option("--expected-share", "expected", multiple=True, metavar="VARIANT=SHARE", help="Declared split.  [default: equal]")
@click.option("--window", metavar="DAYS", help="The window that decides, a number of days or all.  [default: the longest]")
@click.option("--primary", metavar="METRIC", help="The metric that decides.  [default: the first]")
@click.option("--guardrail", "guardrails", multiple=True, metavar="METRIC", help="A metric that may not be harmed.")
@click.option("--decrease", multiple=True, metavar="METRIC", help="A metric of which less is better.")
@click.option("--min-lift", type=Finite(min=0), help="Relative lift that is worth rolling out; with --max-harm gives a verdict.")
@click.option("--max-harm", type=Finite(min=0), help="Relative harm that rolls back.")
@click.option("--alpha", default=0.05, show_default=True, type=Finite(0, 0.5, min_open=True), help="Two-sided error rate.")
@click.option("--before-after", metavar="DATE", help="Compare the time before with the time from DATE on: observational.")
@click.option("--output", type=click.Choice(["table", "json"]), default="table", show_default=True, help="How to tell.")
def compare(file: Path, shares: Sequence[str], ratios: Sequence[str], expected: Sequence[str], output: str, **asked: Any) -> None:
    """Compare the variants in FILE, CSV or Parquet: sufficient statistics, or daily counts with --share and --ratio."""
    import json

    from python_stats import aggregates
    from python_stats.aggregates import text
    from python_stats.aggregates.arguments import request_of

    answer = aggregates.compare_table(aggregates.read_table(file), request_of(shares, ratios, expected, asked))
    click.echo(json.dumps(text.as_json(answer), indent=2, allow_nan=False) if output == "json" else text.as_text(answer))


@main.command()
@click.argument("output_folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--events", default=200_000, show_default=True, type=click.IntRange(min=1), help="About how many product events.")
@click.option("--seed", default=1, show_default=True, help="Which of the possible worlds.")
@click.option("--days", type=click.IntRange(min=60), help="Length of the simulated time.")
@click.option("--file-format", default="parquet", show_default=True, type=click.Choice(["parquet", "csv"]))
@click.option("--replicas", type=click.IntRange(min=1), help="Independent copies of the business.")
@click.option("--seeds-folder", type=click.Path(path_type=Path, file_okay=False), help="Also write the seeds that go with it.")
def simulate(output_folder: Path, events: int, seed: int, file_format: str, **more: Any) -> None:
    """Simulate a business whose true effects are known: raw tables and truth.json in OUTPUT_FOLDER."""
    from python_stats import simulation

    given = {name: value for name, value in more.items() if value is not None}
    try:
        summary = simulation.simulate(output_folder, events=events, seed=seed, file_format=file_format, **given)
    except ValueError as error:
        raise UserError(f"simulate: {error}") from error
    click.echo(f"{output_folder}: {sum(summary.rows.values()):,} rows in {len(summary.rows)} raw tables")


@main.command()
@click.argument("location", default="data/raw/{table}.parquet")
@connection_options
def load(location: str, **flags: Any) -> None:
    """Fill the raw tables of a Postgres or Spark target from files: LOCATION is a path with {table} in it (data/raw/{table}.parquet)."""
    from python_stats import loading

    project = _project(flags)
    rows = loading.load(project, location)
    click.echo(f"{project.variables.get('raw_schema') or 'raw'}: {sum(rows.values()):,} rows in {len(rows)} raw tables")


@main.command(cls=BuildCommand)
@connection_options
@build_options
@click.option("--events", default=200_000, show_default=True, type=click.IntRange(min=1), help="About how many product events.")
@click.option("--seed", default=1, show_default=True, help="Which of the possible worlds.")
@click.option("--raw-folder", type=click.Path(path_type=Path, file_okay=False), help="Raw data.  [default: data/raw]")
@click.option("--output", "-o", type=click.Path(path_type=Path, file_okay=False), help="Folder for the pages.  [default: out]")
@click.option("--force", is_flag=True, help="Simulate anew even where the same data is there.")
def demo(
    events: int, seed: int, raw_folder: Path | None, output: Path | None, force: bool, dbt_arguments: Sequence[str], **flags: Any
) -> None:
    """See it work: simulate a business, build its marts, analyse its experiments, write the scorecard."""
    from python_stats import stages
    from python_stats.demo import prepare
    from python_stats.errors import EXIT_CHECKS_FAILED, EXIT_DONE

    project = _project(flags)
    folder = (raw_folder or project.folder / "data" / "raw").resolve()
    click.echo(f"raw data: {_shown(folder)} {'(simulated)' if prepare(folder, events, seed, force) else '(already there)'}")
    if project.output.get("type") != "duckdb":
        from python_stats import loading

        loading.load(project, f"{folder}/{{table}}.parquet")
    # unit tests check the SQL, not the data: `make test` runs them; raw data simulated anew is no increment
    more = ["--exclude-resource-type", "unit_test", "--full-refresh", *dbt_arguments]
    code = stages.build(project, flags, more, {"EMPATHY_ROI_RAW_LOCATION": f"{folder}/{{table}}.parquet"})
    if code not in (EXIT_DONE, EXIT_CHECKS_FAILED):
        _exit(code)
    run = stages.analyze(project)
    page = stages.report(project, output)
    click.echo("")
    for decision in run.tables["experiment_decisions"]:
        click.echo(f"{decision['verdict']:<12}  {decision['experiment_name']}")
    click.echo(f"\nscorecard: {_shown(page)}")
    _exit(code)


def _project(flags: dict[str, Any]) -> "Project":
    from python_stats.project import Flags, open_project

    return open_project(
        Flags(
            project_dir=flags["project_dir"],
            profiles_dir=flags["profiles_dir"],
            profile=flags["profile"],
            target=flags["target"],
            vars=flags["variables"],
            target_path=flags["target_path"],
        )
    )


def _shown(path: Path) -> str:
    """Relative to here where that is shorter."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _exit(code: int) -> None:
    if code:
        sys.exit(code)
