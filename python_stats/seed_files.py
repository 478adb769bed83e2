"""What dbt would not say of a seed's file, or not by its row: that it is no CSV. What it says is checked in models/configuration."""

import os
from pathlib import Path

from python_stats import csv_files
from python_stats.errors import UserError


def check(project_folder: Path) -> None:
    """Look at every seed before dbt does.

    Raises:
        UserError: naming each file that cannot be read, and the line; or the folder that cannot be used.
    """
    said = Path(os.environ.get("EMPATHY_ROI_SEEDS") or "seeds")
    if said.is_absolute():
        raise UserError(
            f"EMPATHY_ROI_SEEDS is {said}: say it from the project's folder, as {os.path.relpath(said, project_folder)}; "
            "of an absolute path dbt would overwrite the files with its own SQL"
        )
    folder = project_folder / said
    faults = [found for path in sorted(folder.glob("*.csv")) if (found := _fault(path))]
    if faults:
        raise UserError("; ".join(faults))


def _fault(path: Path) -> str | None:
    try:
        if not path.read_bytes().strip():
            return f"{path}: is empty; write its header at least"
        return csv_files.fault(path)
    except OSError as error:
        return f"{path}: cannot be read ({error.strerror})"
