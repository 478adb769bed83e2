"""A business on a server whose marts hold a version: what is published is told by it, and no dbt is needed."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from python_stats.operations import nightly
from python_stats.operations.database_publication import DatabasePublications
from python_stats.operations.lock import RunLock
from python_stats.operations.nightly import Places, Stages
from python_stats.project import Flags, Project, open_project

PROJECT = Path(__file__).resolve().parents[3]
SCHEMA = "nightly"
AS_OF = datetime(2026, 5, 5, 12)
MARTS = ("daily", "weekly")


class Versions:
    """Two marts that hold the version the next build gives them, a table about persons, and stages without dbt."""

    def __init__(self, publications: DatabasePublications, folder: Path) -> None:
        self.marts = list(MARTS)
        self.publications = publications
        self.places = Places(folder / "runs", publications, publications.lock)
        self.version, self.code = 1, 0

    def build(self, folder: Path, lock: RunLock) -> int:
        """Make the marts; the exit code of dbt."""
        raise NotImplementedError

    def asked(self, query: str) -> list[tuple[Any, ...]]:
        """As a reader who has just come."""
        raise NotImplementedError

    def report(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        (folder / "scorecard.html").write_text(f"version {self.version}", encoding="utf-8")

    def run(self, version: int, keep: int = 7) -> str:
        self.version = version
        stages = Stages(self.build, lambda: None, self.report, lambda: (AS_OF, {}), lambda records: None)
        code, record = nightly.run(stages, self.places, keep=keep, wait_s=0)
        assert code == self.code
        return record.run_id

    def seen(self) -> tuple[int, str]:
        """What a reader sees: the version in the views and on the page."""
        ((version,),) = self.asked(f"select distinct version from {SCHEMA}_published.daily full join {SCHEMA}_published.weekly using (version, row_number)")
        return version, (self.publications.root / "current" / "scorecard.html").read_text(encoding="utf-8")


def opened(target: str, **flags: Any) -> Project:
    """The project on a target; the environment says where that is."""
    return open_project(Flags(project_dir=str(PROJECT), profiles_dir=str(PROJECT), target=target, **flags))


def start_afresh(connection: Any) -> None:
    """Empty schemas for a business, and one for what BI builds."""
    for schema in (SCHEMA, f"{SCHEMA}_published", f"{SCHEMA}_publications", "bi"):
        connection.execute(f"drop schema if exists {schema} cascade")
    connection.execute(f"create schema {SCHEMA}")
    connection.execute("create schema bi")


def started(script: str, *arguments: str, **more: Any) -> subprocess.Popen[str]:
    """A script in a process of its own, which can import the tests."""
    places = os.pathsep.join([str(PROJECT / "tests" / "python"), *sys.path])
    return subprocess.Popen([sys.executable, "-c", script, *arguments], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": places}, **more)
