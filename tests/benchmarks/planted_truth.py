"""Do the intervals hold the truth as often as they say? 200 simulated businesses with known effects, through the whole pipeline.

    python tests/benchmarks/planted_truth.py [--businesses 200] [--batch 10] [--events 100000] [--resume]

Each batch of businesses is one raw data set and one dbt build; what a batch gave is kept in build/truth, so that the run can be cut and
resumed. A cell (experiment, variant, metric) fails where its intervals miss the truth more often than their error rate allows: beyond
the binomial quantile that all cells together exceed in one run of a thousand.
"""
from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
WORK = PROJECT / "build" / "truth"
FALSE_ALARM = 0.001  # of all cells together


def command(arguments: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(arguments, cwd=PROJECT, text=True, capture_output=True, check=False, env=os.environ | environment)
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)} ended with {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")


def run_batch(number: int, batch: int, events: int) -> list[dict]:
    """One row per comparison that decides: its cell, its alpha, and whether the interval holds the truth."""
    import duckdb

    from python_stats.simulation import simulate

    folder = WORK / "batch"
    shutil.rmtree(folder, ignore_errors=True)
    summary = simulate(folder / "raw", events=events, seed=10_000 + number * batch, replicas=batch, typed=True,
                       seeds_folder=folder / "seeds")
    database = folder / "found.duckdb"
    environment = {
        "EMPATHY_ROI_RAW_LOCATION": summary.raw_location, "EMPATHY_ROI_DATABASE": str(database),
        "EMPATHY_ROI_SEEDS": os.path.relpath(folder / "seeds", PROJECT), "DBT_PROFILES_DIR": str(PROJECT)}
    command([sys.executable, "-m", "dbt.cli.main", "build", "--quiet", "--exclude-resource-type", "unit_test", "--exclude-resource-type", "test",
             "--target-path", str(folder / "target"), "--log-path", str(folder / "logs")], environment)
    command([sys.executable, "-m", "python_stats", "analyze"], environment)
    truth = json.loads((folder / "raw" / "truth.json").read_text())
    effects = {
        (experiment, variant, metric): values["effect"]
        for experiment, planted in truth["experiments"].items()
        for variant, metrics in planted["variants"].items() for metric, values in metrics.items()}
    suffixes = truth["simulation"]["suffixes"]
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute("""
            select experiment_id, variant_id, metric_id, alpha, ci_low, ci_high from experiment_results
            where is_decision and status = 'ok' order by all""").fetchall()
    found = []
    for experiment, variant, metric, alpha, low, high in rows:
        name = next((experiment.removesuffix(suffix) for suffix in suffixes if suffix and experiment.endswith(suffix)), experiment)
        effect = effects.get((name, variant, metric))
        if effect is not None:
            found.append({"cell": f"{name}/{variant}/{metric}", "alpha": alpha, "holds": low <= effect <= high,
                          "error": (low + high) / 2 - effect, "half_width": (high - low) / 2})
    shutil.rmtree(folder)
    return found


def report(rows: list[dict]) -> bool:
    """Prints a line per cell and says whether every cell is sound."""
    from scipy.stats import binom

    cells = defaultdict(list)
    for row in rows:
        cells[row["cell"], row["alpha"]].append(row)
    is_sound = bool(cells)
    print(f"{'cell':62} {'n':>5} {'promised':>9} {'held':>7}  {'bias':>6}")
    for (cell, alpha), found in sorted(cells.items()):
        misses = sum(not row["holds"] for row in found)
        allowed = binom.ppf(1 - FALSE_ALARM / len(cells), len(found), alpha)
        bias = sum(row["error"] for row in found) / max(sum(row["half_width"] for row in found), 1e-300)
        is_sound &= bool(misses <= allowed)
        print(f"{cell:62} {len(found):>5} {1 - alpha:>9.3%} {1 - misses / len(found):>7.1%}  {bias:>+6.2f}"
              f"{'' if misses <= allowed else '  MISSES TOO OFTEN'}")
    held = sum(row["holds"] for row in rows) / max(1, len(rows))
    promised = sum(1 - row["alpha"] for row in rows) / max(1, len(rows))
    print(f"all: {len(rows)} intervals, promised {promised:.2%}, held {held:.2%} (bias: mean error in half widths)")
    return is_sound


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--businesses", type=int, default=200)
    parser.add_argument("--batch", type=int, default=10)
    parser.add_argument("--events", type=int, default=100_000, help="about how many events a business")
    parser.add_argument("--resume", action="store_true", help="keep the batches that are there")
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    rows: list[dict] = []
    for number in range(-(-options.businesses // options.batch)):
        kept = WORK / f"{options.events}-{options.batch}-{number:03d}.json"
        if not (options.resume and kept.is_file()):
            kept.write_text(json.dumps(run_batch(number, options.batch, options.events)))
        batch = json.loads(kept.read_text())
        rows += batch
        print(f"batch {number + 1}: {len(batch)} intervals, {sum(row['holds'] for row in batch)} hold the truth", flush=True)
    return 0 if report(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
