"""One night after the other, dbt and all, while a BI tool holds the connection that it opened before the first of them."""

from __future__ import annotations

import json
import time
from typing import Any

from faults.kills import watched
from faults.world import FIRST, WORK, Prepared, differing


def in_a_row(prepared: Prepared, wanted: int, seconds: float) -> dict[str, Any]:
    """Runs with nothing new, each of which publishes, until so many are on record or the time is up."""
    memory = WORK / "nights.json"
    known: dict[str, Any] = json.loads(memory.read_text()) if memory.is_file() else {"nights": 0, "looks": 0, "publications": 0, "wrong": []}
    if known["nights"] >= wanted or seconds <= 0:
        return known
    deadline = time.monotonic() + seconds
    world = prepared.put_back("night")
    ran = 0
    with watched(world) as reader:
        while known["nights"] < wanted and time.monotonic() < deadline:
            done = world.run(*FIRST)
            ran += 1
            known["nights"] += 1
            if done.code:
                known["wrong"].append(f"night {known['nights']} ended with {done.code}: {done.output.splitlines()[-3:]}")
        known["wrong"] += [f"differs: {name}" for name in differing(prepared.wanted, world.exported())]
    if reader["publications"] != ran + 1:
        known["wrong"].append(f"the reader saw {reader['publications']} publications, not the first and {ran} more")
    for name in ("looks", "publications"):
        known[name] += reader[name]
    known["wrong"] += reader["wrong"]
    memory.write_text(json.dumps(known))
    print(f"{'XX' if known['wrong'] else 'ok'} {known['nights']} of {wanted} nights in a row {known['wrong'][:3] or ''}", flush=True)
    return known
