"""On a Spark cluster of its own: both workers work, no task of one has to read everything, and a worker that dies does no harm.

    python tests/spark/cluster_checks.py               # some minutes
    python tests/spark/cluster_checks.py --events 20000 --kill-after 60

One simulated business is built on DuckDB and on Spark; in the middle of Spark's build a worker is killed, with the tasks it had. The
build ends well or fails; a failed one is run again, with the worker back. Then every mart is compared with DuckDB's, and the
cluster's own record of its tasks is read: what each executor did, and how many rows went into stages of a single task.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "tests" / "python"))

import engines  # noqa: E402
import spark_cluster  # noqa: E402

LEAST_SHARE = 0.2  # of the tasks, for each executor
BUILD = [sys.executable, "-m", "dbt.cli.main", "build", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--kill-after", type=int, default=60, help="a worker is killed when so many seeds and models are there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="empathy_roi_") as name:
        try:
            with spark_cluster.running() as cluster:
                faults = check(cluster, Path(name), options.events, options.kill_after)
        except spark_cluster.NoClusterError as error:
            print(f"spark: skipped, {error}")
            return 0
    print("\n".join(f"XX {fault}" for fault in faults) or "ok a worker killed, both at work, nothing large in one task", flush=True)
    return 1 if faults else 0


def check(cluster: spark_cluster.Cluster, folder: Path, events: int, kill_after: int) -> list[str]:
    """What is wrong, a line each."""
    roi = [sys.executable, "-m", "python_stats"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("EMPATHY_ROI_", "DBT_"))}
    location = str(folder / "raw" / "{table}.parquet")
    on_duckdb = {**kept, "EMPATHY_ROI_RAW_LOCATION": location, "EMPATHY_ROI_DATABASE": str(folder / "found.duckdb"), "DBT_PROFILES_DIR": str(PROJECT)}
    on_spark = on_duckdb | cluster.environment
    subprocess.run([*roi, "simulate", str(folder / "raw"), "--events", str(events)], cwd=PROJECT, check=True, env=on_duckdb)
    subprocess.run([*BUILD, "--quiet", *places(folder, "duckdb")], cwd=PROJECT, check=True, env=on_duckdb)
    subprocess.run([*roi, "load", location], cwd=PROJECT, check=True, env=on_spark)
    code = build_and_kill(cluster, folder, on_spark, kill_after)
    print(f"the build whose worker was killed ended with {code}", flush=True)
    if code not in (0, 1):
        return [f"the build ended with {code}, which is neither done nor a failure of models"]
    if code:
        cluster.start_worker(1)
        subprocess.run([*BUILD, "--quiet", *places(folder, "spark")], cwd=PROJECT, check=True, env=on_spark)
    with cluster.connect() as cursor:
        spark = engines.Spark(cursor, cluster.environment)
        marts = sorted(table for table in engines.duckdb_tables(folder / "found.duckdb") if engines.is_mart(table))
        faults = [f"only one engine has {table}" for table in sorted(set(marts) - set(spark.tables()))]
        for table in marts if not faults else []:
            faults += [f"{table}: {line}" for line in engines.differences(engines.duckdb_rows(folder / "found.duckdb", table), spark.rows(table))]
    return faults + faults_of_the_work(cluster, events // 10)


def places(folder: Path, engine: str) -> list[str]:
    return ["--target-path", str(folder / f"target-{engine}"), "--log-path", str(folder / "logs")]


def build_and_kill(cluster: spark_cluster.Cluster, folder: Path, environment: dict[str, str], kill_after: int) -> int:
    """dbt's exit code; the second worker is gone when `kill_after` models are there, while others are being built."""
    process = subprocess.Popen([*BUILD, *places(folder, "spark")], cwd=PROJECT, env=environment, text=True, stdout=subprocess.PIPE)
    assert process.stdout is not None
    done = 0
    for line in process.stdout:
        done += " OK " in line
        if done == kill_after and "worker-1" in cluster.processes:
            cluster.kill_worker(1)
            print(f"killed a worker after {done} models", flush=True)
        if " ERROR " in line:
            print(line.rstrip(), flush=True)
    return process.wait()


def faults_of_the_work(cluster: spark_cluster.Cluster, many_rows: int) -> list[str]:
    """From the application's events: a worker that idled, and models whose stage of one task read more than `many_rows` shuffled rows."""
    models: dict[int, str] = {}  # of a stage
    tasks, executors, rows = Counter[int](), Counter[str](), Counter[int]()
    killed = False
    for event in cluster.events():
        kind = event["Event"]
        if kind == "SparkListenerJobStart":
            statement = event.get("Properties", {}).get("spark.job.description") or ""
            node = re.search(r'"node_id": "([^"]+)"', statement)
            models.update(dict.fromkeys(event["Stage IDs"], node.group(1).split(".")[-1] if node else json.dumps(statement[:80])))
        elif kind == "SparkListenerExecutorRemoved":
            killed = True
        elif kind == "SparkListenerTaskEnd" and event["Task End Reason"]["Reason"] == "Success":
            stage, metrics = event["Stage ID"], event.get("Task Metrics") or {}
            tasks[stage] += 1
            executors[event["Task Info"]["Executor ID"]] += not killed
            rows[stage] += metrics.get("Shuffle Read Metrics", {}).get("Total Records Read", 0)
    shares = {name: count / max(executors.total(), 1) for name, count in executors.items() if count}
    print(f"tasks before the worker died, by executor: {dict(executors)}", flush=True)
    faults = [] if len(shares) >= spark_cluster.WORKERS and min(shares.values()) > LEAST_SHARE else [f"the work is not spread: {shares}"]
    largest = Counter({models.get(stage, "?"): rows[stage] for stage in sorted(tasks, key=lambda stage: rows[stage]) if tasks[stage] == 1})
    print(f"most rows into a single task: {largest.most_common(5)}", flush=True)
    return faults + [f"{model}: one task reads {count} rows" for model, count in largest.items() if count > many_rows]


if __name__ == "__main__":
    sys.exit(main())
