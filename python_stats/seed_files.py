"""What dbt would not say of a seed's file, or not by its row: that it is no CSV. What it says is checked in models/configuration."""

import os
from pathlib import Path

from python_stats import csv_files
from python_stats.errors import UserError


def check(project_folder: Path) -> None:
    """Look at every seed before dbt does.

    Raises:
        UserError: naming each file that cannot be read, and the line.
    """
    folder = project_folder / seeds_folder()
    faults = [found for path in sorted(folder.glob("*.csv")) if (found := _fault(path))]
    if faults:
        raise UserError("; ".join(faults))


def seeds_folder() -> Path:
    """Where the seeds are, as EMPATHY_ROI_SEEDS says it: from the project's folder, or from the root."""
    return Path(os.environ.get("EMPATHY_ROI_SEEDS") or "seeds")


def _fault(path: Path) -> str | None:
    try:
        if not path.read_bytes().strip():
            return f"{path}: is empty; write its header at least"
        return csv_files.fault(path)
    except OSError as error:
        return f"{path}: cannot be read ({error.strerror})"
