"""On a Spark cluster of its own: both workers work, no task has to read everything, and what dies in a build does no harm.

    python tests/spark/cluster_checks.py               # some minutes
    python tests/spark/cluster_checks.py --events 20000 --kill-after 60

A simulated business lands in two batches, on DuckDB and on Spark. In the middle of Spark's first build a worker is killed, with the tasks
it had: the build ends well, or the same command, run again, does. In the middle of the increment the Thrift server is killed: the build
ends with 75 and one line, and the same command, run again, ends well. After each, every mart is compared with DuckDB's. Then two whole
runs are published, and the first is gone back to. The cluster's own record of its tasks is read, for the first build and for the increment
that was run again: what each executor did of each heavy model, how many rows went into stages of a single task, and how much came to the
driver. There are so many events that a tenth of them is more than Spark would join by copies.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(PROJECT / "tests"), str(PROJECT / "tests" / "python")]

import engines  # noqa: E402
import spark_cluster  # noqa: E402
from faults.postgres_restart import SAID, write_batches  # noqa: E402

LEAST_SHARE = 0.2  # of the tasks, for each executor
BROADCAST_KB = 50  # what is joined by a copy on each worker: so little that, at this size, plans are those of much data
SETTINGS = {
    "spark.sql.autoBroadcastJoinThreshold": f"{BROADCAST_KB}KB",
    # a metastore that outlives the server
    "spark.hadoop.javax.jdo.option.ConnectionURL": "jdbc:derby:;databaseName={folder}/metastore;create=true",
}
ROI = [sys.executable, "-m", "python_stats"]
WITHOUT_TESTS = ["--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=40_000)
    parser.add_argument("--kill-after", type=int, default=60, help="a worker is killed when so many seeds and models are there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="empathy_roi_") as name:
        try:
            with spark_cluster.running(more=SETTINGS) as cluster:
                faults = Check(cluster, Path(name), options.events).run(options.kill_after)
        except spark_cluster.NoClusterError as error:
            print(f"spark: skipped, {error}")
            return 0
    print("\n".join(f"XX {fault}" for fault in faults) or "ok a worker and a server killed, both workers at work, nothing large in one task or at the driver, published")
    return 1 if faults else 0


class Check:
    def __init__(self, cluster: spark_cluster.Cluster, folder: Path, events: int) -> None:
        self.cluster, self.folder, self.events = cluster, folder, events
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("EMPATHY_ROI_", "DBT_"))}
        self.on_duckdb = {**kept, "EMPATHY_ROI_DATABASE": str(folder / "found.duckdb"), "DBT_PROFILES_DIR": str(PROJECT), "NO_COLOR": "1"}
        self.on_spark = self.on_duckdb | cluster.environment

    def run(self, kill_after: int) -> list[str]:
        """What is wrong, a line each."""
        (self.folder / "raw").mkdir()
        first, everything = write_batches(self.folder / "raw", self.events)
        return self.first_build(first, kill_after) + self.increment(everything, kill_after // 2) + self.publications()

    def first_build(self, location: str, kill_after: int) -> list[str]:
        self.prepare(location)
        code, said = self.build(kill_after, lambda: self.cluster.kill("worker-1"))
        print(f"the build whose worker was killed ended with {code}", flush=True)
        if "worker-1" in self.cluster.processes:
            return [f"no worker was killed; the build said: {said[-1000:]}"]
        faults = faults_of_the_work(self.cluster.events(), self.events // 10)
        self.cluster.start_worker(1)
        if code:
            print("\n".join(line for line in said.splitlines() if " ERROR " in line)[:2000], flush=True)
            code, said = self.build()
        return faults + ([f"the build, run again, ended with {code}: {said[-1000:]}"] if code else self.differences())

    def increment(self, location: str, kill_after: int) -> list[str]:
        self.prepare(location)
        code, said = self.build(kill_after, lambda: self.cluster.kill("server"))
        print(f"the increment whose server was killed ended with {code}: {said.splitlines()[-1]}", flush=True)
        if code != 75 or SAID not in said:
            return [f"the build whose server was killed ended with {code} and said: {said[-1000:]}"]
        self.cluster.start_server()
        code, said = self.build()
        if code:
            return [f"the increment, run again, ended with {code}: {said[-1000:]}"]
        return faults_of_the_work(self.cluster.events(), self.events // 10) + self.differences()

    def publications(self) -> list[str]:
        """Two runs, and back to the first: the views have the marts' rows, and the pages follow."""
        folders = [f"--{name}={self.folder / name}" for name in ("runs-folder", "publish-folder", "target-path")]
        for _ in range(2):
            done = subprocess.run([*ROI, "run", *folders, *WITHOUT_TESTS], cwd=PROJECT, env=self.on_spark, text=True, capture_output=True, check=False)
            if done.returncode:
                return [f"the run ended with {done.returncode}: {done.stdout[-500:]} {done.stderr[-500:]}"]
        root = self.folder / "publish-folder"
        back = [*ROI, "publish", "--rollback", f"--publish-folder={root}"]
        listed = subprocess.run(back, cwd=PROJECT, env=self.on_spark, text=True, capture_output=True, check=False).stdout.splitlines()
        current = (root / "current").readlink().name
        print(f"published: {listed}", flush=True)
        faults = [] if [line[:8] for line in listed] == ["* 000001", "  000002"] and current.startswith("000001") else [f"{listed}, pages of {current}"]
        with self.cluster.connect() as cursor:
            spark = engines.Spark(cursor, self.cluster.environment)
            views = [name for name in spark.tables("empathy_roi_published") if name != "publication"]
            for view in views:
                if view != "run_history":  # which has a row more in the second
                    faults += [f"published {view}: {line}" for line in engines.differences(spark.rows(view), spark.rows(view, "empathy_roi_published"))]
            names, known = spark.rows("publication", "empathy_roi_published")
            counted = {row[names.index("table_name")]: row[names.index("row_count")] for row in known}
            faults += [] if len(views) > 30 and sorted(counted) == sorted(views) else [f"published are {views}, and on record {sorted(counted)}"]
        return faults

    def prepare(self, location: str) -> None:
        """What has landed, on both; built on DuckDB."""
        for environment in (self.on_duckdb, self.on_spark):
            environment["EMPATHY_ROI_RAW_LOCATION"] = location
        built = subprocess.run([*ROI, "build", *WITHOUT_TESTS, *self.places("duckdb")], cwd=PROJECT, env=self.on_duckdb, text=True, capture_output=True, check=False)
        assert built.returncode == 0, built.stdout[-2000:]
        subprocess.run([*ROI, "load", location], cwd=PROJECT, check=True, env=self.on_spark, capture_output=True)

    def places(self, engine: str) -> list[str]:
        return ["--target-path", str(self.folder / f"target-{engine}"), "--log-path", str(self.folder / "logs")]

    def build(self, kill_after: int = 0, kill: Callable[[], None] | None = None) -> tuple[int, str]:
        """`empathy-roi build` on Spark, with a blow when `kill_after` seeds and models are there: (exit code, what was said)."""
        process = subprocess.Popen([*ROI, "build", *WITHOUT_TESTS, *self.places("spark")], cwd=PROJECT, env=self.on_spark, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert process.stdout is not None
        said, done = [], 0
        for line in process.stdout:
            said.append(line)
            done += " OK " in line
            if kill and done >= kill_after:
                kill()
                kill = None
                print(f"killed after {done} seeds and models", flush=True)
        return process.wait(), "".join(said)

    def differences(self) -> list[str]:
        """Of every mart, from DuckDB's."""
        database = self.folder / "found.duckdb"
        with self.cluster.connect() as cursor:
            spark = engines.Spark(cursor, self.cluster.environment)
            marts = sorted(table for table in engines.duckdb_tables(database) if engines.is_mart(table))
            faults = [f"only one engine has {table}" for table in sorted(set(marts) - set(spark.tables()))]
            for table in marts if not faults else []:
                faults += [f"{table}: {line}" for line in engines.differences(engines.duckdb_rows(database, table), spark.rows(table))]
        print(f"{len(marts)} marts compared with DuckDB's: {len(faults)} differences", flush=True)
        return faults


def faults_of_the_work(events: Iterable[dict[str, Any]], many_rows: int) -> list[str]:
    """From an application's record: a worker that idled, a model whose stage of one task, or whose driver, got many rows.

    Rows come to the driver where they are joined by copies (broadcast): models' statements give no rows themselves.

    Args:
        many_rows: more than this is no small part of the data; a model is heavy whose tasks read as many from others.
    """
    models: dict[int, str] = {}  # of a stage
    tasks, shuffled = Counter[int](), Counter[int]()  # of a stage: tasks, rows into it from others
    executors: defaultdict[str, Counter[str]] = defaultdict(Counter)
    copied: dict[int, str] = {}  # the counter of a broadcast's rows: which model's
    copies: Counter[str] = Counter()
    killed = False
    for event in events:
        kind = event["Event"].split(".")[-1]
        if kind == "SparkListenerSQLExecutionStart":
            copied.update(dict.fromkeys(broadcasts(event["sparkPlanInfo"]), model_of(event.get("description") or "")))
        elif kind == "SparkListenerDriverAccumUpdates":
            for counter, rows in event["accumUpdates"]:
                if counter in copied:
                    copies[copied[counter]] = max(copies[copied[counter]], rows)
        elif kind == "SparkListenerJobStart":
            models.update(dict.fromkeys(event["Stage IDs"], model_of(event.get("Properties", {}).get("spark.job.description") or "")))
        elif kind == "SparkListenerExecutorRemoved":
            killed = True
        elif kind == "SparkListenerTaskEnd" and event["Task End Reason"]["Reason"] == "Success":
            stage, metrics = event["Stage ID"], event.get("Task Metrics") or {}
            tasks[stage] += 1
            shuffled[stage] += metrics.get("Shuffle Read Metrics", {}).get("Total Records Read", 0)
            if not killed:
                executors[models.get(stage, "?")][event["Task Info"]["Executor ID"]] += 1
    whole = sum(executors.values(), Counter[str]())
    shares = {name: count / whole.total() for name, count in whole.items()}
    print(f"tasks while both workers lived, by executor: {dict(whole)}", flush=True)
    is_spread = len(shares) >= spark_cluster.WORKERS and min(shares.values()) > LEAST_SHARE
    faults = [] if is_spread else [f"the work is not spread: {shares}"]
    brought: Counter[str] = Counter()
    for stage, rows in shuffled.items():
        brought[models.get(stage, "?")] += rows
    heavy = [model for model, rows in brought.most_common() if rows >= many_rows and executors[model].total() >= 8]
    print(f"heavy models, with rows moved and tasks by executor: {[(model, brought[model], dict(executors[model])) for model in heavy]}", flush=True)
    faults += [f"{model}: all its tasks on one worker" for model in heavy if len(executors[model]) < spark_cluster.WORKERS]
    into_one = Counter({models.get(stage, "?"): shuffled[stage] for stage in sorted(tasks, key=lambda stage: shuffled[stage]) if tasks[stage] == 1})
    print(f"most rows into a single task: {into_one.most_common(5)}", flush=True)
    print(f"most rows to the driver: {copies.most_common(5)}", flush=True)
    faults += [] if copies else ["no copy was seen: the record is not read rightly"]
    faults += [f"{model}: one task reads {count} rows" for model, count in into_one.items() if count > many_rows]
    return faults + [f"{model}: {count} rows come to the driver" for model, count in copies.items() if count > many_rows]


def model_of(statement: str) -> str:
    """The model that a statement says it is of, or its beginning."""
    node = re.search(r'"node_id": "([^"]+)"', statement)
    return node.group(1).split(".")[-1] if node else json.dumps(statement[:80])


def broadcasts(plan: dict[str, Any]) -> list[int]:
    """The counters of the rows that a plan gives a copy of to each worker."""
    own = [metric["accumulatorId"] for metric in plan["metrics"] if metric["name"] == "number of output rows"] if plan["nodeName"] == "BroadcastExchange" else []
    return own + [counter for child in plan["children"] for counter in broadcasts(child)]


if __name__ == "__main__":
    sys.exit(main())
