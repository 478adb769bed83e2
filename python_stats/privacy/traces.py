"""What runs leave on this machine: logs and artifacts that may name a person, and the search of every byte of every file."""

import mmap
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from python_stats.operations import history

LEAST_SEARCHED = 6  # characters; shorter ids are found everywhere by chance, and are looked for in the columns of ids alone


def purge(runs: Path, keep_run: str, target_folder: Path, log_folder: Path, ids: Sequence[str]) -> None:
    """Remove the logs and artifacts of earlier builds; records of runs stay, without a message that shows an id.

    Args:
        runs: the runs' folder; that of `keep_run` stays as it is.
        target_folder, log_folder: dbt's own. What it parsed stays: it knows no rows.
    """
    for folder in (path for path in runs.glob("*") if path.is_dir() and path.name != keep_run):
        for part in (path for path in folder.iterdir() if path.is_dir()):
            shutil.rmtree(part)
    for record in history.load(runs):
        if record.message and any(text in record.message for text in ids):
            history.save(runs, replace(record, message=None))
    for name in ("compiled", "run"):
        shutil.rmtree(target_folder / name, ignore_errors=True)
    for artifact in (*target_folder.glob("*.json"), *log_folder.glob("dbt.log*")):
        artifact.unlink(missing_ok=True)


def search_files(places: Iterable[Path], ids: Sequence[str]) -> tuple[int, int, dict[str, int]]:
    """Look for the ids in every byte of every file.

    Args:
        places: files and folders; what is not there is passed over.

    Returns:
        Files and bytes searched, and how many times an id stands in which file.
    """
    long_enough = sorted((text.encode() for text in ids if len(text) >= LEAST_SEARCHED), key=lambda text: -len(text))
    pattern = re.compile(b"|".join(map(re.escape, long_enough))) if long_enough else None
    files = size = 0
    found: dict[str, int] = {}
    for path in sorted({path for place in places for path in (place.rglob("*") if place.is_dir() else [place]) if path.is_file()}):
        files += 1
        length = path.stat().st_size
        size += length
        if pattern is None or not length:
            continue
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            hits = sum(1 for _ in pattern.finditer(content))
        if hits:
            found[str(path)] = hits
    return files, size, found
