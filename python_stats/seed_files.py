"""What dbt would not say of a seed's file: that it is no text, or empty. What is in it is checked by the rules (models/configuration)."""

import os
from pathlib import Path

from python_stats.errors import UserError


def check(project_folder: Path) -> None:
    """Look at every seed before dbt does.

    Raises:
        UserError: naming the file and the line, or the folder that cannot be used.
    """
    said = Path(os.environ.get("EMPATHY_ROI_SEEDS") or "seeds")
    if said.is_absolute():
        raise UserError(
            f"EMPATHY_ROI_SEEDS is {said}: say it from the project's folder, as {os.path.relpath(said, project_folder)}; "
            "of an absolute path dbt would overwrite the files with its own SQL"
        )
    folder = project_folder / said
    for path in sorted(folder.glob("*.csv")):
        try:
            content = path.read_bytes()
            content.decode("utf-8")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            raise UserError(f"{path}, line {line}: is no UTF-8 text (byte 0x{content[error.start]:02x}); save it as UTF-8") from error
        except OSError as error:
            raise UserError(f"{path}: cannot be read ({error.strerror})") from error
        if not content.strip():
            raise UserError(f"{path}: is empty; write its header at least")
