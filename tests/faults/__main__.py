"""`make faults`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))


def main() -> int:
    """Run what is asked for."""
    from faults import kills, world

    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__)
    parser.add_argument("parts", nargs="*")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=540, help="stop after so long; run again to go on")
    parser.add_argument("--kinds", default="increment,full,built")
    options = parser.parse_args()
    prepared = world.prepare()
    found = kills.storm(prepared, options.kinds.split(","), options.kills, options.seconds)
    return 1 if any(trial["wrong"] for trial in found) else 0


if __name__ == "__main__":
    sys.exit(main())
