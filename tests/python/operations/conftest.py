"""A working database and stages without dbt: what is tried here is the order of things, not what they compute."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest

from python_stats.operations.history import RunRecord
from python_stats.operations.lock import RunLock, run_lock
from python_stats.operations.nightly import Places, Stages
from python_stats.operations.publication import Content, Files

AS_OF = datetime(2026, 5, 5, 12)


class Business:
    """A working database whose only mart holds the version that the next build will give it."""

    def __init__(self, folder: Path) -> None:
        self.published = folder / "published"
        self.places = Places(folder / "runs", Files(self.published, self._content), partial(run_lock, folder / "work.duckdb.lock"))
        self.database = folder / "work.duckdb"
        self.version = 1
        self.code = 0
        self.break_in: dict[str, Callable[[], None]] = {}
        self.recorded: list[RunRecord] = []

    def stages(self) -> Stages:
        return Stages(self._build, self._analyze, self._report, self._state, self.recorded_as)

    def recorded_as(self, records: list[RunRecord]) -> None:
        self.recorded = records

    def _breaks(self, stage: str) -> None:
        self.break_in.get(stage, lambda: None)()

    def _build(self, folder: Path, lock: RunLock) -> int:
        self._breaks("build")
        with duckdb.connect(str(self.database)) as connection:
            connection.execute(
                f"create or replace table mart as select {self.version} as version, i as row_number from range(1000) as r(i)"
            )
            connection.execute("create or replace table persons as select 'u:anna' as person_id")
            connection.execute("comment on table mart is 'It''s one row per version'")
            connection.execute("comment on column mart.version is 'Which build it is of'")
        return self.code

    def _analyze(self) -> None:
        self._breaks("analyze")

    def _report(self, folder: Path) -> None:
        self._breaks("report")
        folder.mkdir(parents=True)
        (folder / "scorecard.html").write_text(f"version {self.version}", encoding="utf-8")

    def _state(self) -> tuple[datetime, Mapping[str, Mapping[str, Any]]]:
        return AS_OF, {"events": {"landed_until": "2026-05-05 11:58:00", "rows_in": 10, "rows_accepted": 8, "rows_duplicate": 1, "rows_rejected": 1}}

    def _content(self, pages: Path) -> Content:
        self._breaks("publish")
        return Content(self.database, "main", ["mart"], pages)

    def seen(self) -> tuple[int, str]:
        """What a reader sees: the version in the database and on the page."""
        folder = self.published / "current"
        with duckdb.connect(str(folder / "empathy_roi.duckdb"), read_only=True) as connection:
            (version,) = connection.execute("select distinct version from mart").fetchone()  # type: ignore[misc]
        return int(version), (folder / "scorecard.html").read_text(encoding="utf-8")


@pytest.fixture
def business(tmp_path: Path) -> Business:
    return Business(tmp_path)
