"""Every command of the Makefile starts: slow proofs are run seldom, and what breaks them must not wait for that."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from marts.builds import PROJECT

SCRIPTS = sorted(set(re.findall(r"python (tests/\S+\.py)", (PROJECT / "Makefile").read_text("utf-8"))))
MODULES = sorted(set(re.findall(r"PYTHONPATH=tests \S+python -m (\w+)", (PROJECT / "Makefile").read_text("utf-8"))))


def test_they_are_found() -> None:
    assert {"tests/benchmarks/scale.py", "tests/oracle/run_oracle.py", "tests/spark/cluster_checks.py"} <= set(SCRIPTS)
    assert MODULES == ["calibration", "faults"]


@pytest.mark.parametrize("command", [[script] for script in SCRIPTS] + [["-m", module] for module in MODULES], ids=lambda command: command[-1])
def test_a_command_starts(command: list[str]) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if command[0] == "-m":
        environment["PYTHONPATH"] = "tests"
    done = subprocess.run([sys.executable, *command, "--help"], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("usage: ")
