"""`empathy-roi run`: build → tests and audit → statistics → report → publish; readers see the new figures only if all of it went well."""

import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from python_stats.errors import EXIT_CHECKS_FAILED, EXIT_DONE, EXIT_USAGE, UserError
from python_stats.operations import history
from python_stats.operations.history import RunRecord
from python_stats.operations.lock import RunLock
from python_stats.operations.publisher import Lock, Publisher

STAGES = ("build", "analyze", "report", "publish")


@dataclass(frozen=True)
class Stages:
    """What the stages do, given by the command line.

    Attributes:
        build: given the run's folder and its lock, dbt's exit code in the project's terms.
        analyze: writes the statistics' tables.
        report: writes the pages into the folder it is given.
        state: after the build, (`as_of`, figures per raw table).
        record: writes the mart `run_history`.
        why: given the run's folder, what the build failed of, on one line.
        mend: given an error of any of them, does what the next run needs for its success; the error to raise, the same or a clearer one.
    """

    build: Callable[[Path, RunLock], int]
    analyze: Callable[[], object]
    report: Callable[[Path], object]
    state: Callable[[], tuple[datetime, Mapping[str, Mapping[str, Any]]]]
    record: Callable[[list[RunRecord]], None]
    why: Callable[[Path], str] = lambda _: "see the log"
    mend: Callable[[BaseException], BaseException] = lambda error: error


@dataclass(frozen=True)
class Places:
    """Where a run keeps its things.

    Attributes:
        runs: folder of the logs, artifacts and records.
        published: what readers see.
        lock: one run at a time.
        target: names the working database, so that runs on others may use the same folder.
    """

    runs: Path
    published: Publisher
    lock: Lock
    target: str = ""


def run(stages: Stages, places: Places, *, keep: int, wait_s: float) -> tuple[int, RunRecord]:
    """One whole run.

    Returns:
        The exit code, and what is on record about the run.

    Raises:
        DatabaseLockedError: another run holds the lock.
        UserError: what a user can mend; the run is on record as failed, and readers keep what they had.
    """
    with places.lock("a run that is starting", wait_s) as lock:
        places.published.sweep()
        history.close_interrupted(places.runs, places.target, places.published.current())
        now = datetime.now(UTC)
        run_id = history.claim_run_id(places.runs, places.published.publications(), f"{now:%Y%m%dT%H%M%SZ}")
        lock.tell(f"run {run_id}")
        record = RunRecord(run_id, _moment(now), target=places.target)
        history.save(places.runs, record)
        try:
            code, record = _stages(stages, places, record, lock, keep)
        except BaseException as error:
            told = stages.mend(error)
            code = told.exit_code if isinstance(told, UserError) else EXIT_USAGE
            _finish(places, _reload(places, record), history.FAILED, code, str(told).splitlines()[0] if str(told) else None)
            if told is error:
                raise
            raise told from error
        return code, record


def _stages(stages: Stages, places: Places, record: RunRecord, lock: RunLock, keep: int) -> tuple[int, RunRecord]:
    folder = places.runs / record.run_id
    clock = _Clock(places, record)
    code = stages.build(folder, lock)
    clock.finished("build")
    if code != EXIT_DONE:
        outcome = history.CHECKS_FAILED if code == EXIT_CHECKS_FAILED else history.FAILED
        return code, _finish(places, clock.record, outcome, code, f"dbt build: {stages.why(folder)}")
    as_of, sources = stages.state()
    clock.record = replace(clock.record, as_of=_moment(as_of), sources=sources)
    clock.starts("analyze")
    stages.analyze()
    clock.finished("analyze")
    clock.starts("report")
    pages = folder / "pages"
    shutil.rmtree(pages, ignore_errors=True)
    stages.report(pages)
    clock.finished("report")
    clock.starts("publish")
    # The mart tells of this run as published, because that is what it is for whoever can read it there.
    done = replace(clock.record, outcome=history.PUBLISHED, exit_code=EXIT_DONE)
    known = [record for record in history.load(places.runs) if record.target == places.target]
    stages.record([done if record.run_id == done.run_id else record for record in known])
    places.published.publish(record.run_id, pages, as_of, keep)
    clock.finished("publish")
    finished = _finish(places, clock.record, history.PUBLISHED, EXIT_DONE, None)
    history.prune(places.runs, keep)
    return EXIT_DONE, finished


class _Clock:
    """Keeps the record up to date while the stages go by."""

    def __init__(self, places: Places, record: RunRecord) -> None:
        self._places = places
        self._since = monotonic()
        self.record = record

    def starts(self, stage: str) -> None:
        self.record = replace(self.record, stage=stage)
        history.save(self._places.runs, self.record)
        self._since = monotonic()

    def finished(self, stage: str) -> None:
        self.record = replace(self.record, seconds={**self.record.seconds, stage: round(monotonic() - self._since, 3)})


def _reload(places: Places, record: RunRecord) -> RunRecord:
    return next((known for known in history.load(places.runs) if known.run_id == record.run_id), record)


def _finish(places: Places, record: RunRecord, outcome: str, code: int, message: str | None) -> RunRecord:
    finished = replace(record, outcome=outcome, exit_code=code, message=message, finished_at=_moment(datetime.now(UTC)))
    with suppress(OSError):  # a full disk: the error that led here is the one to tell
        history.save(places.runs, finished)
    return finished


def _moment(value: datetime) -> str:
    return value.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
