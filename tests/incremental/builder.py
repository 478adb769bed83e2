"""Builds one step after the other in one process, each on the batches that have landed by then.

    python tests/incremental/builder.py STEPS.json

STEPS.json: a list of {"database", "raw", "batches", "form", "seeds", "variables", "full", "environment"}; the folder `raw` gets a link to each
of the step's batches before the build. Where the environment names another target, what has landed is loaded first.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path


def main() -> int:
    project = Path(__file__).resolve().parents[2]
    os.chdir(project)
    steps = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    from dbt.cli.main import dbtRunner

    runner = dbtRunner()
    for step in steps:
        raw = Path(step["raw"])
        shutil.rmtree(raw, ignore_errors=True)
        raw.mkdir(parents=True)
        for batch in map(Path, step["batches"]):
            (raw / f"{batch.parent.name}-{batch.name}").symlink_to(batch)
        os.environ.update({
            "EMPATHY_ROI_DATABASE": step["database"],
            "EMPATHY_ROI_RAW_LOCATION": f"{raw}/*/{{table}}.{step['form']}",
            "EMPATHY_ROI_SEEDS": os.path.relpath(step["seeds"], project),
            "DBT_PROFILES_DIR": str(project),
            **step["environment"],
        })  # fmt: skip
        if step["environment"].get("EMPATHY_ROI_TARGET", "duckdb") != "duckdb":
            loaded = subprocess.run([sys.executable, "-m", "python_stats", "load", os.environ["EMPATHY_ROI_RAW_LOCATION"]], check=False)
            if loaded.returncode:
                return 1
        place = str(Path(step["database"]).with_suffix(""))
        result = runner.invoke([
            "--quiet", "--no-write-json", "build", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test",
            "--vars", json.dumps(step["variables"]), "--target-path", f"{place}-target", "--log-path", f"{place}-logs",
            *(["--full-refresh"] if step["full"] else []),
        ])  # fmt: skip
        if not result.success:
            print(f"the build on {len(step['batches'])} batches into {step['database']} failed: {result.exception or ''}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
