"""Break runs on purpose: `make faults`, again and again until all is on record; then docs/faults.md has the figures.

    python -m faults                        # a piece of everything, for about ten minutes
    python -m faults kills --seconds 100    # a part
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from faults import broken_rows, damage, fuzz, hostile, kills, nights, old_duckdb, pairs, results, world
from faults.world import WORK, Prepared

#: After three whole runs, what follows dbt: it is quick, and the delicate part.
KINDS = ("built", "increment", "built", "full", "built", "built")


def main() -> int:
    """Do the parts that are asked for, or all; 1 where something did not hold."""
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help="kills, damage, pairs, nights, rows, hostile, fuzz, versions")
    parser.add_argument("--seconds", type=float, default=540, help="no new piece after so long; the next call goes on")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--pairs", type=int, default=50)
    parser.add_argument("--nights", type=int, default=50)
    parser.add_argument("--fuzz-seconds", type=float, default=600)
    parser.add_argument("--no-docs", action="store_true", help="leave docs/faults.md as it is")
    options = parser.parse_args()
    began = time.monotonic()

    def left() -> float:
        return options.seconds - (time.monotonic() - began)

    parts: dict[str, Callable[[Prepared], Any]] = {
        "versions": lambda prepared: _once("old_duckdb", lambda: old_duckdb.run(prepared)),
        "hostile": lambda prepared: [_once("hostile", lambda: hostile.run(prepared)), _once("extremes", lambda: hostile.extremes(prepared))],
        "rows": lambda prepared: _once("broken_rows", lambda: broken_rows.count(prepared)),
        "damage": lambda prepared: damage.run(prepared, left()),
        "pairs": lambda prepared: pairs.rounds(prepared, options.pairs, left()),
        "nights": lambda prepared: nights.in_a_row(prepared, options.nights, left()),
        "fuzz": lambda prepared: fuzz.run(prepared, options.fuzz_seconds, left()),
        "kills": lambda prepared: kills.storm(prepared, KINDS, options.kills, left()),
    }
    unknown = set(options.parts) - parts.keys()
    if unknown:
        parser.error(f"no part {', '.join(sorted(unknown))}")
    prepared = world.prepare()
    for name in options.parts or parts:
        if left() > 0:
            parts[name](prepared)
    if not options.no_docs:
        results.write()
    found = results.rows()
    for row in found:
        print(" | ".join(row))
    return 1 if any("not" in row[2] for row in found) else 0


def _once(name: str, part: Callable[[], dict[str, Any]]) -> None:
    """A part that is on record is not done again."""
    memory = WORK / f"{name}.json"
    if not memory.is_file():
        found = part()
        memory.write_text(json.dumps(found))


if __name__ == "__main__":
    sys.exit(main())
