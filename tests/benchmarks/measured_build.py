"""One `dbt build` in this process, with the CPU seconds of every node: what the benchmarks and the profile are made of.

    python tests/benchmarks/measured_build.py OUT.json [dbt flags…]

The environment says where raw rows and database are, as always. dbt runs one node at a time, DuckDB with its own threads, so
that the process's CPU between a node's start and its end is the node's.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
from pathlib import Path
from typing import Any


def cpu_seconds() -> float:
    """User and system time of this process, all threads."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def peak_megabytes() -> float:
    """The most memory this process has held (the rusage figure would be that of whoever started it, if larger)."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM"))) / 1024


def measured(arguments: list[str]) -> dict[str, Any]:
    """CPU seconds per node, of dbt's start, and in all; peak memory in MB; whether the build succeeded."""
    started_at: dict[str, float] = {}
    nodes: dict[str, float] = {}
    first: list[float] = []

    def watch(event: Any) -> None:
        if event.info.name == "NodeStart":
            now = cpu_seconds()
            first.append(now)
            started_at[event.data.node_info.unique_id] = now
        elif event.info.name == "NodeFinished":
            name = event.data.node_info.unique_id
            nodes[name] = cpu_seconds() - started_at[name]

    from dbt.cli.main import dbtRunner

    result = dbtRunner(callbacks=[watch]).invoke(["--quiet", "build", "--threads", "1", *arguments])
    end = cpu_seconds()
    return {
        "success": bool(result.success),
        "start_s": first[0] if first else end,
        "nodes_s": nodes,
        "total_s": end,
        "peak_mb": peak_megabytes(),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    parser.add_argument("output", type=Path, metavar="OUT.json", help="what is written; all that follows it goes to dbt as it is")
    given, flags = parser.parse_known_args()
    found = measured(flags)
    given.output.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return 0 if found["success"] else 1


if __name__ == "__main__":
    sys.exit(main())
