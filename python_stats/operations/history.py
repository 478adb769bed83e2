"""What ran: one JSON file a run, and the mart `run_history` made of them, so that a run that could not reach the database is told too."""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from python_stats.errors import UserError

FILE = "run.json"
_NUMBERED = re.compile(r"[0-9]{6}-")

# The mart's columns that tell of the run, and those that tell of one raw table in it.
_OF_THE_RUN = ("run_id", "started_at", "finished_at", "outcome", "stage", "exit_code", "message", "as_of")
OF_A_SOURCE = ("landed_until", "rows_in", "rows_accepted", "rows_duplicate", "rows_rejected", "rows_forgotten")
_STAGES = ("build", "analyze", "report", "publish")

RUNNING, PUBLISHED, CHECKS_FAILED, FAILED, INTERRUPTED = "running", "published", "checks_failed", "failed", "interrupted"


@dataclass(frozen=True)
class RunRecord:
    """One run.

    Attributes:
        run_id: its number and the moment it started, `000042-20260505T031500Z`.
        started_at, finished_at: ISO 8601, UTC, by this machine's clock; nothing is ordered by them.
        outcome: `running`, `published`, `checks_failed`, `failed` or `interrupted` (it was killed).
        stage: the stage it is in, or ended in: `build`, `analyze`, `report`, `publish`.
        exit_code: None while it runs, and where it was killed.
        seconds: per finished stage.
        sources: per raw table what was in it: `landed_until` (the latest moment at which a row landed), `rows_in`, `rows_accepted`,
            `rows_duplicate`, `rows_rejected`, `rows_forgotten`.
        as_of: of the marts; None before they are built.
        target: the working database; '' where it was not said.
    """

    run_id: str
    started_at: str
    outcome: str = RUNNING
    stage: str = "build"
    finished_at: str | None = None
    exit_code: int | None = None
    as_of: str | None = None
    message: str | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    sources: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    target: str = ""


def claim_run_id(folder: Path, taken: Sequence[str], now: str) -> str:
    """The next number after every run and publication there is, whatever the clock says; its folder is made, so that no other run has it.

    Args:
        folder: holds a folder per run.
        taken: further ids that are in use.
        now: `YYYYMMDDTHHMMSSZ`.

    Raises:
        UserError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        while True:
            numbers = [int(name[:6]) for name in [*(path.name for path in folder.iterdir()), *taken] if _NUMBERED.match(name)]
            run_id = f"{max(numbers, default=0) + 1:06d}-{now}"
            with suppress(FileExistsError):
                (folder / run_id).mkdir()
                return run_id
    except OSError as error:
        raise UserError(f"{folder}: the folder of runs cannot be written ({error.strerror})") from error


def save(folder: Path, record: RunRecord) -> None:
    """Write the record of one run; whoever reads it sees the old or the new one."""
    path = folder / record.run_id / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(asdict(record), indent=1) + "\n", encoding="utf-8")
    draft.replace(path)


def load(folder: Path) -> list[RunRecord]:
    """Every run that left a record, oldest first; what cannot be read (a disk was full) is left out."""
    records = []
    for path in sorted(folder.glob(f"*/{FILE}")):
        try:
            records.append(RunRecord(**json.loads(path.read_text(encoding="utf-8"))))
        except (OSError, ValueError, TypeError):
            continue
    return records


def close_interrupted(folder: Path, target: str, published: str | None) -> None:
    """Say of every run on a target that still reads `running` what became of it; with the target's lock held: no run of it is running."""
    for record in load(folder):
        if record.outcome == RUNNING and record.target == target:
            outcome = PUBLISHED if record.run_id == published else INTERRUPTED
            save(folder, replace(record, outcome=outcome))


def prune(folder: Path, keep: int) -> None:
    """Remove the logs and artifacts of all but the last runs; the records stay."""
    for path in sorted(path for path in folder.iterdir() if path.is_dir() and _NUMBERED.match(path.name))[:-keep]:
        for part in path.iterdir():
            if part.is_dir():
                shutil.rmtree(part)


def rows(records: Sequence[RunRecord]) -> list[dict[str, Any]]:
    """Rows of the mart `run_history`: one per run and raw table; a run that came to no table has one row without."""
    found = []
    for record in records:
        shown = {name: getattr(record, name) for name in _OF_THE_RUN}
        shown |= {f"seconds_{stage}": record.seconds.get(stage) for stage in _STAGES}
        shown["seconds_total"] = round(sum(record.seconds.values()), 3)
        for source_table, figures in sorted(record.sources.items()) or [("", {})]:
            found.append({**shown, "source_table": source_table, **{name: figures.get(name) for name in OF_A_SOURCE}})
    return found
