"""The demo's raw data: written once, told apart from anything a user put there."""

import json
from pathlib import Path

from python_stats.errors import UserError

_MARKER = "_demo.json"


def prepare(folder: Path, events: int, seed: int, force: bool) -> bool:
    """Simulate raw data into `folder`, unless the same demo is there already.

    Returns:
        Whether anything was written.

    Raises:
        UserError: the folder holds files that no demo wrote; they are never touched.
    """
    wanted = {"events": events, "seed": seed}
    marker = folder / _MARKER
    found = _read(marker)
    if found is None and folder.is_dir() and any(folder.iterdir()):
        raise UserError(f"{folder}: holds files that the demo did not write; give another --raw-folder, or run 'build' on them")
    if not force and found == {**wanted, "complete": True}:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    marker.write_text(json.dumps({**wanted, "complete": False}) + "\n", encoding="utf-8")
    simulate(folder, events=events, seed=seed, file_format="parquet")
    marker.write_text(json.dumps({**wanted, "complete": True}) + "\n", encoding="utf-8")
    return True


def simulate(folder: Path, *, events: int, seed: int, file_format: str) -> None:
    """The simulation, imported only when it is asked for."""
    from python_stats import simulation

    simulation.simulate(folder, events=events, seed=seed, file_format=file_format)


def _read(marker: Path) -> dict[str, object] | None:
    try:
        content = json.loads(marker.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
