"""Two runs started at once, again and again, while readers look on: one of them works, the other says so and leaves.

The same rounds are the consecutive runs that a BI tool with an open connection lives through. Most leave dbt out (`faults.built`): who has the
lock is settled before dbt starts.
"""

from __future__ import annotations

import json
import time
from typing import Any

from faults.kills import watched
from faults.world import SHORTEST, WORK, Prepared, differing


def rounds(prepared: Prepared, wanted: int, seconds: float) -> dict[str, Any]:
    """Pairs of runs until so many are on record or the time is up."""
    memory = WORK / "pairs.json"
    known: dict[str, Any] = json.loads(memory.read_text()) if memory.is_file() else {"pairs": 0, "both_in_turn": 0, "looks": 0, "glances": 0, "publications": 0, "wrong": []}
    deadline = time.monotonic() + seconds
    if known["pairs"] >= wanted:
        return known
    world = prepared.put_back("evening")
    with watched(world) as reader:
        while known["pairs"] < wanted and time.monotonic() < deadline:
            waits = known["pairs"] % 10 == 9  # one in ten pairs waits for the other
            pair = [world.start(*SHORTEST, "--wait", "600") if waits else world.start(built=True) for _ in range(2)]
            outputs = [process.communicate()[0] for process in pair]
            codes = sorted(process.returncode for process in pair)
            known["pairs"] += 1
            if codes == [0, 0]:
                known["both_in_turn"] += 1  # the one had ended before the other asked, or was waited for
            elif codes != [0, 75] or waits:
                known["wrong"].append(f"pair {known['pairs']}: {codes} {[output.splitlines()[-2:] for output in outputs]}")
            elif not any("is still at work; try again later, or give --wait" in output for output in outputs):
                known["wrong"].append(f"pair {known['pairs']}: who was locked out does not say so: {[output.splitlines()[-2:] for output in outputs]}")
            if any("Traceback" in output for output in outputs):
                known["wrong"].append(f"pair {known['pairs']}: a stack")
        known["wrong"] += [f"differs: {name}" for name in differing(prepared.wanted, world.exported())]
    for name in ("looks", "glances", "publications"):
        known[name] += reader[name]
    known["wrong"] += reader["wrong"]
    memory.write_text(json.dumps(known))
    print(f"{'XX' if known['wrong'] else 'ok'} {known['pairs']} of {wanted} pairs of runs {known['wrong'][:3] or ''}", flush=True)
    return known
