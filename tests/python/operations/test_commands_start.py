"""Every command of the Makefile, and every benchmark, starts: slow proofs are run seldom, and what breaks them must not wait for that."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from marts.builds import PROJECT

BENCHMARKS = {
    str(path.relative_to(PROJECT)) for path in PROJECT.glob("tests/benchmarks/*.py") if 'if __name__ == "__main__"' in path.read_text("utf-8")
}
SCRIPTS = sorted(BENCHMARKS | set(re.findall(r"python (tests/\S+\.py)", (PROJECT / "Makefile").read_text("utf-8"))))
MODULES = sorted(set(re.findall(r"PYTHONPATH=tests \S+python -m (\w+)", (PROJECT / "Makefile").read_text("utf-8"))))


@pytest.mark.parametrize("is_demo", [True, False], ids=["of_the_demo", "of_the_user"])
def test_make_clean_removes_what_was_built_and_no_raw_data_of_a_user(is_demo: bool, tmp_path: Path) -> None:
    raw = ["data/raw/events.parquet", *(["data/raw/_demo.json"] if is_demo else [])]
    built = ["build/lint/lint.duckdb", "out/scorecard.html", "target/manifest.json", "logs/dbt.log", "data/empathy_roi.duckdb", "data/empathy_roi.duckdb.wal"]
    for name in [*raw, *built, "seeds/journeys.csv"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x", "utf-8")
    subprocess.run(["make", "--file", str(PROJECT / "Makefile"), "clean"], cwd=tmp_path, check=True, capture_output=True)
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"seeds/journeys.csv", *([] if is_demo else raw)}
    assert (tmp_path / "data").exists() is not is_demo


def test_they_are_found() -> None:
    assert {"tests/benchmarks/scale.py", "tests/benchmarks/measured_build.py", "tests/oracle/run_oracle.py", "tests/spark/cluster_checks.py"} <= set(SCRIPTS)
    assert MODULES == ["calibration", "faults"]


@pytest.mark.parametrize("command", [[script] for script in SCRIPTS] + [["-m", module] for module in MODULES], ids=lambda command: command[-1])
def test_a_command_starts(command: list[str]) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if command[0] == "-m":
        environment["PYTHONPATH"] = "tests"
    done = subprocess.run([sys.executable, *command, "--help"], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("usage: ")
