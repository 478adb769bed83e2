"""The command line: exit codes, and one clear line for what a user can mend."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import click
import duckdb
import pytest
from click.testing import CliRunner, Result

from python_stats import dbt_runner, demo
from python_stats.cli import main
from python_stats.errors import UserError

PROJECT = Path(__file__).resolve().parents[2]


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def one_line(result: Result) -> str:
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    assert "Traceback" not in result.output
    return lines[0]


def test_analyze_and_report(project: Path) -> None:
    result = call("analyze")
    assert result.exit_code == 0, result.output
    assert "experiment_decisions 4" in result.output
    result = call("report", "-o", "pages")
    assert result.exit_code == 0 and "scorecard: pages/scorecard.html" in result.output
    assert (project / "pages" / "scorecard.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert (project / "pages" / "experiment-winner.html").is_file()


@pytest.mark.parametrize("stop", [KeyboardInterrupt, click.Abort])
def test_an_interrupted_command_ends_with_2_as_its_record_says(stop: type[BaseException], project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise stop

    monkeypatch.setattr("python_stats.stages.analyze", interrupted)
    result = call("analyze")
    assert (result.exit_code, one_line(result)) == (2, "empathy-roi: interrupted")


@pytest.mark.parametrize(
    ("results", "told"),
    [
        ([("error", "model.empathy_roi.as_of", "Out of\n  memory")], "as_of: Out of memory (see the log)"),
        ([("pass", "test.p.a.1", None), ("fail", "test.p.b.1", "Got 2 results"), ("error", "model.p.c", "x")], "b, and 1 more: Got 2 results (see the log)"),
        ([("success", "model.p.a", "OK")], "see the log"),
        (None, "see the log"),
    ],
)
def test_what_a_build_failed_of(results: list[tuple[str, str, str | None]] | None, told: str, tmp_path: Path) -> None:
    file = tmp_path / "run_results.json"
    if results is not None:
        nodes = [{"status": status, "unique_id": unique_id, "message": message} for status, unique_id, message in results]
        file.write_text(json.dumps({"results": nodes}), "utf-8")
    assert dbt_runner.first_failure(file) == told


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("analyze", "--target", "prod"), 2, "no target 'prod'"),
        (("analyze", "--target", "elsewhere"), 2, "type 'snowflake' is not supported"),
        (("analyze", "--profiles-dir", "nowhere"), 2, "no profiles.yml there"),
        (("analyze", "--vars", "{min_segment_size: many}"), 2, "variable 'min_segment_size'"),
        (("report",), 2, "run 'empathy-roi analyze' first"),
        (("build", "--project-dir", "nowhere"), 2, "no dbt_project.yml there"),
    ],
)
def test_mistakes_are_one_line(project: Path, arguments: tuple[str, ...], code: int, words: str) -> None:
    result = call(*arguments)
    assert result.exit_code == code
    assert words in one_line(result)


def test_no_database(project: Path) -> None:
    (project / "w.duckdb").unlink()
    result = call("analyze")
    assert result.exit_code == 2 and "no database there; run 'empathy-roi build' first" in one_line(result)


def test_not_a_database(project: Path) -> None:
    (project / "w.duckdb").write_text("something else entirely, and long enough to be looked at" * 100)
    result = call("analyze")
    assert result.exit_code == 2 and "cannot be opened as a DuckDB database" in one_line(result)


def test_an_unwritable_page(project: Path) -> None:
    assert call("analyze").exit_code == 0
    (project / "file").write_text("")
    result = call("report", "-o", "file/pages")
    assert result.exit_code == 2 and "cannot be written" in one_line(result)


def test_unknown_option_and_command(project: Path) -> None:
    assert call("analyze", "--tarjet", "x").exit_code == 2
    assert call("analyse").exit_code == 2


def test_locked(project: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", "import duckdb, sys; c = duckdb.connect('w.duckdb'); print('held', flush=True); sys.stdin.read()"],
        cwd=project,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        for command in ("analyze", "report", "build"):
            result = call(command)
            assert result.exit_code == 75 and "another process holds the database" in one_line(result)
    finally:
        holder.communicate("")


def test_debug_shows_the_stack(project: Path) -> None:
    (project / "w.duckdb").unlink()
    assert isinstance(call("--debug", "analyze").exception, UserError)


def test_an_unexpected_error_is_one_line_too(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise ValueError("first line\nsecond line")

    monkeypatch.setattr("python_stats.pipeline.run", fails)
    result = call("analyze")
    assert result.exit_code == 2 and "unexpected ValueError: first line" in one_line(result)


def test_no_option_takes_a_number_that_is_none() -> None:
    """Every option of every command that takes a fraction refuses `nan` and infinity, and names itself."""
    seen = set()
    for name, command in main.commands.items():
        for option in command.params:
            if option.type.name in ("float", "float range"):
                seen.add(f"{name} {option.opts[0]}")
                needed = ["x" for other in command.params if other.param_type_name == "argument" and other.required]
                for value in ("nan", "inf"):
                    result = call(name, option.opts[0], value, *needed)
                    assert result.exit_code == 2 and f"Invalid value for '{option.opts[0]}'" in result.output, (name, value, result.output)
    assert seen >= {"compare --alpha", "compare --min-lift", "compare --max-harm", "run --wait", "forget --wait"}


def test_help_is_fast_and_imports_nothing_heavy() -> None:
    script = (
        "import sys; import python_stats.cli; print([m for m in ('numpy', 'scipy', 'duckdb', 'jinja2', 'yaml', 'dbt') if m in sys.modules])"
    )
    began = time.perf_counter()
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert output.strip() == "[]"
    assert time.perf_counter() - began < 5


def test_every_variable_of_the_environment_is_told() -> None:
    """In the help of its command where it stands for an option, and in README or docs; but for one that the nightly run tells its own dbt."""
    said = {(name, option.envvar) for name, command in {"": main, **main.commands}.items() for option in command.params if option.envvar}
    assert said >= {("", "EMPATHY_ROI_DEBUG"), ("run", "EMPATHY_ROI_RUNS"), ("publish", "EMPATHY_ROI_PUBLISHED")}
    assert [(name, variable) for name, variable in said if str(variable) not in call(*name.split(), "--help").output] == []
    read = [path for folder in ("python_stats", "macros", "models") for path in (PROJECT / folder).rglob("*") if path.suffix in (".py", ".sql", ".yml")]
    pattern = re.compile(r"EMPATHY_ROI_[A-Z_]+")
    found = {name for path in [*read, *PROJECT.glob("*.yml")] for name in pattern.findall(path.read_text("utf-8"))}
    told = {name for path in [PROJECT / "README.md", *PROJECT.glob("docs/*.md")] for name in pattern.findall(path.read_text("utf-8"))}
    assert found - told == {"EMPATHY_ROI_LOCK_SESSION"}


def test_help_names_dbt_s_flags() -> None:
    text = call("build", "--help").output
    for flag in (
        "--project-dir",
        "--profiles-dir",
        "--profile",
        "--target",
        "--vars",
        "--select",
        "--exclude",
        "--full-refresh",
        "--threads",
    ):
        assert flag in text


@pytest.fixture
def fake_dbt(project: Path, monkeypatch: pytest.MonkeyPatch):
    """A dbt that notes its arguments and does as told."""
    script = project / "fake_dbt.py"

    def made(code: int, statuses: list[str] | None = None, says: str = "built") -> Path:
        results = json.dumps({"results": [{"status": status} for status in statuses]}) if statuses is not None else ""
        script.write_text(
            "import json, os, pathlib, sys\n"
            f"print({says!r})\n"
            "pathlib.Path('seen.json').write_text(json.dumps(sys.argv[1:]))\n"
            "target = pathlib.Path(sys.argv[sys.argv.index('--target-path') + 1])\n"
            f"results = {results!r}\n"
            "if results:\n    target.mkdir(exist_ok=True)\n    (target / 'run_results.json').write_text(results)\n"
            f"sys.exit({code})\n"
        )
        monkeypatch.setattr(dbt_runner, "dbt_command", lambda: [sys.executable, str(script)])
        return project / "seen.json"

    return made


LOCK = 'IO Error: Could not set lock on file "w.duckdb": Conflicting lock is held'


@pytest.mark.parametrize(
    ("dbt_code", "statuses", "says", "code"),
    [
        (0, ["success", "pass"], "", 0),
        (1, ["success", "pass", "fail", "skipped"], "", 1),
        (1, ["success", "error", "fail"], "", 2),
        (1, ["success", "runtime error"], "", 2),
        (1, None, "", 2),
        (2, ["success"], "Compilation Error", 2),
        (2, None, LOCK, 75),
        (1, ["error"], LOCK, 75),
        (-9, None, "", 2),
    ],
)
def test_build_s_exit_codes(fake_dbt, dbt_code: int, statuses: list[str] | None, says: str, code: int) -> None:
    fake_dbt(dbt_code, statuses, says)
    assert call("build").exit_code == code


def test_a_seed_that_is_new_to_dbt_is_parsed(fake_dbt, project: Path) -> None:
    seen = fake_dbt(1, ["success", "error"], "seeds/metric_tree.csv is new to dbt: run dbt once with --no-partial-parse.")
    script = project / "fake_dbt.py"
    script.write_text(script.read_text().replace("sys.exit(1)", "sys.exit('--no-partial-parse' not in sys.argv)"))
    assert call("build", "--select", "a").exit_code == 0
    assert json.loads(seen.read_text())[-3:] == ["--select", "a", "--no-partial-parse"]
    fake_dbt(1, ["success", "error"], "seeds/metric_tree.csv is new to dbt: run dbt once with --no-partial-parse.")
    assert call("build").exit_code == 2  # tried twice, not for ever


@pytest.mark.parametrize(("made", "is_left"), [("", False), ("create table t as select 1", True)])
def test_a_refused_first_build_leaves_no_database(fake_dbt, project: Path, made: str, is_left: bool) -> None:
    fake_dbt(2)
    script = project / "fake_dbt.py"
    script.write_text(f"import duckdb\nduckdb.connect('w.duckdb').execute({made or 'select 1'!r})\n" + script.read_text())
    (project / "w.duckdb").unlink()
    assert call("build").exit_code == 2
    assert (project / "w.duckdb").is_file() is is_left
    duckdb.connect("w.duckdb").close()
    assert call("build").exit_code == 2 and (project / "w.duckdb").is_file()  # one that was there stays


def test_old_results_do_not_speak_for_a_new_failure(fake_dbt, project: Path) -> None:
    fake_dbt(1, ["fail"])
    assert call("build").exit_code == 1
    fake_dbt(1, None)
    assert call("build").exit_code == 2


def test_build_hands_on_its_flags(fake_dbt, project: Path) -> None:
    seen = fake_dbt(0, ["success"])
    arguments = ["-s", "a", "--select", "b", "--exclude", "c", "-f", "-x", "--threads", "3", "--vars", "{as_of: 2026-04-01}"]
    assert call("build", *arguments, "--", "--no-use-colors", "--store-failures").exit_code == 0
    found = json.loads(seen.read_text())
    assert found[0] == "build"
    for pair in (
        ("--project-dir", str(project)),
        ("--profiles-dir", str(project)),
        ("--profile", "empathy_roi"),
        ("--target", "duckdb"),
        ("--select", "a"),
        ("--select", "b"),
        ("--exclude", "c"),
        ("--threads", "3"),
        ("--vars", "{as_of: 2026-04-01}"),
    ):
        assert any(found[index : index + 2] == list(pair) for index in range(len(found))), pair
    assert {"--full-refresh", "--fail-fast"} <= set(found) and found[-2:] == ["--no-use-colors", "--store-failures"]


def test_build_takes_several_values_as_dbt_does(fake_dbt) -> None:
    seen = fake_dbt(0, ["success"])
    arguments = ["-s", "+a", "+b", "--exclude=c", "d", "--threads", "3", "--exclude-resource-type", "test", "unit_test", "--", "--select", "e", "f"]
    assert call("build", *arguments).exit_code == 0
    found = json.loads(seen.read_text())
    assert found[found.index("--select") :] == [
        "--select", "+a", "--select", "+b", "--exclude", "c", "--exclude", "d", "--exclude-resource-type", "test",
        "--exclude-resource-type", "unit_test", "--threads", "3", "--select", "e", "f",
    ]  # fmt: skip


def test_the_real_dbt_is_found() -> None:
    assert dbt_runner.dbt_command()[0] == sys.executable


def test_demo(fake_dbt, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    simulated: list[int] = []

    def simulate(folder: Path, *, events: int, seed: int, file_format: str) -> None:
        simulated.append(seed)
        (folder / "events.parquet").write_text("")

    monkeypatch.setattr(demo, "simulate", simulate)
    fake_dbt(0, ["success"])
    for arguments, seeds in (((), [1]), ((), [1]), (("--seed", "2"), [1, 2]), (("--seed", "2", "--force"), [1, 2, 2])):
        result = call("demo", *arguments)
        assert result.exit_code == 0, result.output
        assert simulated == seeds
    assert "ship          Winner" in result.output and "scorecard: out/scorecard.html" in result.output


def test_demo_never_touches_a_user_s_files(fake_dbt, project: Path) -> None:
    raw = project / "data" / "raw"
    raw.mkdir(parents=True)
    (raw / "events.parquet").write_text("precious")
    result = call("demo", "--force")
    assert result.exit_code == 2 and "holds files that the demo did not write" in one_line(result)
    assert (raw / "events.parquet").read_text() == "precious"


def test_demo_stops_at_a_broken_build(fake_dbt, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "simulate", lambda *_, **__: None)
    fake_dbt(1, ["error"])
    result = call("demo")
    assert result.exit_code == 2 and "scorecard" not in result.output


def test_simulate_says_what_is_wrong(tmp_path: Path) -> None:
    assert call("simulate", str(tmp_path / "raw"), "--events", "0").exit_code == 2
    assert call("simulate", str(tmp_path / "raw"), "--file-format", "xml").exit_code == 2
    result = call("simulate", str(tmp_path / "raw"), "--days", "40")
    assert result.exit_code == 2 and "x>=60" in result.stderr
