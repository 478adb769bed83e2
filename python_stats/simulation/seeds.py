"""The configuration that goes with a simulation: the project's seeds, moved in time and copied for each replica."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

from python_stats.simulation import business
from python_stats.simulation.tables import experiment_days

PROJECT_SEEDS = Path(__file__).resolve().parents[2] / "seeds"
REPLICATED = ("experiments", "experiment_variants", "experiment_metrics", "value_assumptions")


def suffixes(replicas: int) -> list[str]:
    """What is appended to the ids of persons and experiments of each replica; nothing where there is but one."""
    return [""] if replicas == 1 else [f"-r{number:03d}" for number in range(replicas)]


def read_seed(path: Path) -> list[dict[str, str]]:
    """Rows of a seed as text."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _dated(row: dict[str, str], start: date, days: int) -> dict[str, str]:
    experiment = next((item for item in business.EXPERIMENTS if item.experiment_id == row["experiment_id"]), None)
    if experiment is None:
        return row
    first, last = experiment_days(experiment, days)
    lead = date.fromisoformat(row["started_on"]) - date.fromisoformat(row["declared_on"])
    started = start + timedelta(days=first)
    ended = (start + timedelta(days=last)).isoformat() if row["ended_on"] else ""
    return row | {"started_on": started.isoformat(), "declared_on": (started - lead).isoformat(), "ended_on": ended}


def write_seeds(folder: Path, start: date, days: int, replicas: int = 1, source: Path = PROJECT_SEEDS) -> list[Path]:
    """Write the seeds of a simulation.

    Args:
        folder: where to; made if it is not there.
        start: first day of the simulation.
        days: its length.
        replicas: copies of the business; every experiment is written once a copy.
        source: the seeds to start from.

    Returns:
        The files written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for path in sorted(source.glob("*.csv")):
        rows = read_seed(path)
        if path.stem == "experiments":
            rows = [_dated(row, start, days) for row in rows]
        if path.stem in REPLICATED:
            rows = [row | {"experiment_id": row["experiment_id"] + suffix} for suffix in suffixes(replicas) for row in rows]
        target = folder / path.name
        with target.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        written.append(target)
    return written
