"""One run at a time; a lock that outlives nobody."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from python_stats.errors import DatabaseLockedError
from python_stats.operations.lock import run_lock

HOLD = """
import subprocess, sys, time
from pathlib import Path
from python_stats.operations.lock import run_lock
with run_lock(Path(sys.argv[1]), "run 000001-x") as lock:
    if sys.argv[2] == "with child":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], pass_fds=[lock.descriptor])
        print(child.pid, flush=True)
    else:
        print("held", flush=True)
    time.sleep(60)
"""


def holder(path: Path, how: str = "alone") -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path), how],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def test_a_held_lock_names_its_holder_and_has_exit_code_75(tmp_path: Path) -> None:
    process, _ = holder(tmp_path / "lock")
    try:
        with (
            pytest.raises(DatabaseLockedError, match=r"run 000001-x \(process \d+\) is still at work") as caught,
            run_lock(tmp_path / "lock", "2"),
        ):
            pass
        assert caught.value.exit_code == 75
    finally:
        process.kill()
        process.wait()


def test_a_killed_holder_is_taken_over_at_once(tmp_path: Path) -> None:
    process, _ = holder(tmp_path / "lock")
    process.send_signal(signal.SIGKILL)
    process.wait()
    with run_lock(tmp_path / "lock", "2"):
        pass


def test_a_child_that_outlives_its_run_still_holds_the_lock(tmp_path: Path) -> None:
    process, child = holder(tmp_path / "lock", "with child")
    process.kill()
    process.wait()
    try:
        with pytest.raises(DatabaseLockedError), run_lock(tmp_path / "lock", "2"):
            pass
    finally:
        os.kill(int(child), signal.SIGKILL)
    with run_lock(tmp_path / "lock", "2", wait_s=5):
        pass


def test_waiting_takes_the_lock_when_it_is_free(tmp_path: Path) -> None:
    process, _ = holder(tmp_path / "lock")
    try:
        started = time.monotonic()
        with pytest.raises(DatabaseLockedError), run_lock(tmp_path / "lock", "2", wait_s=0.4):
            pass
        assert time.monotonic() - started >= 0.4
    finally:
        process.kill()
        process.wait()
    with run_lock(tmp_path / "lock", "2", wait_s=5):
        pass
