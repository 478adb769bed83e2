"""A Spark cluster for tests: a master, two workers and a Thrift server as processes of their own, on loopback, gone with the test.

Spark and Iceberg come from the wheels in requirements-spark-cluster.lock, Java (17) from JAVA_HOME or the PATH. Everything that the
cluster writes (warehouse, metastore, shuffles, logs) lies in a temporary folder.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
# For a few thousand rows nearly all of a build is planning and compiling: quick compilation of Java, and none of queries, costs a part of it.
_SMALL = {
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
WORKERS = 2
_START_S = 180


class NoClusterError(Exception):
    """There is no Spark, or no Java, on this machine that could be started."""


@dataclass
class Cluster:
    """A running cluster; `environment` is what the profile's target `spark` reads."""

    folder: Path
    port: int
    driver_memory: str
    master_port: int
    is_small: bool
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def java(self) -> str:
        """Options of every Java process."""
        quick = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m " if self.is_small else ""
        return f"{quick}-XX:+UseSerialGC -XX:+DisableExplicitGC -XX:NewRatio=1 -Duser.timezone=UTC -Dderby.stream.error.file={self.folder}/derby.log -Djava.io.tmpdir={self.folder}"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "EMPATHY_ROI_TARGET": "spark", "EMPATHY_ROI_SPARK_HOST": HOST, "EMPATHY_ROI_SPARK_PORT": str(self.port),
            "EMPATHY_ROI_SPARK_USER": "empathy_roi", "EMPATHY_ROI_SPARK_EXCHANGE": str(self.folder / "exchange"),
        }  # fmt: skip

    @contextmanager
    def connect(self) -> Iterator[Any]:
        """A cursor."""
        from pyhive import hive

        connection = hive.connect(HOST, self.port, username="tests", auth="NONE")
        try:
            yield connection.cursor()
        finally:
            connection.close()

    def start(self) -> None:
        """All of it; returns when the Thrift server answers and both workers have an executor."""
        master = ("org.apache.spark.deploy.master.Master", "--host", HOST, "--port", str(self.master_port), "--webui-port", "0")
        self._spawn("master", *master)
        for number in range(WORKERS):
            self.start_worker(number)
        self.start_server()

    def start_server(self) -> None:
        """The Thrift server, an application of its own; returns when it answers and has an executor on each worker."""
        server, before = "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2", len(self.applications())
        self._spawn("server", "org.apache.spark.deploy.SparkSubmit", "--class", server, "spark-internal")
        deadline = time.monotonic() + _START_S
        while not (self._answers() and len(self.applications()) > before and len(self.executors()) >= WORKERS):
            dead = [name for name, process in self.processes.items() if process.poll() is not None]
            if dead or time.monotonic() > deadline:
                logs = "\n".join(self.log(name)[-3000:] for name in dead or self.processes)
                self.stop()
                raise NoClusterError(f"the cluster does not start ({', '.join(dead) or 'in time'}): {logs}")
            time.sleep(0.5)

    def start_worker(self, number: int) -> None:
        place = self.folder / f"worker-{number}"
        self._spawn(
            f"worker-{number}", "org.apache.spark.deploy.worker.Worker", "--host", HOST, "--webui-port", "0", "--cores", "1",
            "--memory", "2g", "--work-dir", str(place), f"spark://{HOST}:{self.master_port}",
        )  # fmt: skip

    def kill(self, name: str) -> None:
        """As if the machine had gone: a worker (`worker-1`), and with it its executor, or the `server`."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for process in reversed(self.processes.values()):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
        for process in self.processes.values():
            process.wait()
        self.processes.clear()

    def log(self, name: str) -> str:
        return (self.folder / "logs" / name).read_text(errors="replace")

    def applications(self) -> list[Path]:
        """What each Thrift server notes, the oldest first."""
        return sorted((self.folder / "events").iterdir())

    def events(self, application: int = -1) -> Iterator[dict[str, Any]]:
        """What an application has noted so far, the newest unless told."""
        for file in self.applications()[application:][:1]:
            with file.open(encoding="utf-8", errors="replace") as lines:
                for line in lines:
                    if line.endswith("\n"):
                        yield json.loads(line)

    def executors(self) -> set[str]:
        """The ids of the executors that have been added, the gone ones too."""
        return {event["Executor ID"] for event in self.events() if event["Event"] == "SparkListenerExecutorAdded"}

    def _answers(self) -> bool:
        try:
            with socket.create_connection((HOST, self.port), timeout=1):
                return True
        except OSError:
            return False

    def _spawn(self, name: str, *command: str) -> None:
        spark = _spark()
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("SPARK_", "HIVE_", "HADOOP_"))} | {
            "SPARK_HOME": str(spark), "SPARK_CONF_DIR": str(self.folder / "conf"), "SPARK_LOCAL_IP": HOST, "TZ": "UTC",
            "SPARK_DAEMON_MEMORY": self.driver_memory if name == "server" else "256m", "SPARK_DAEMON_JAVA_OPTS": self.java,
            "SPARK_PUBLIC_DNS": HOST,
        }  # fmt: skip
        with (self.folder / "logs" / name).open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [str(spark / "bin" / "spark-class"), *command], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                env=environment, start_new_session=True, preexec_fn=_end_with_parent,
            )  # fmt: skip


@contextmanager
def running(
    *, is_small: bool = True, executor_memory: str = "1g", driver_memory: str = "2g", more: Mapping[str, str] | None = None
) -> Iterator[Cluster]:
    """A fresh cluster with an empty warehouse.

    Args:
        is_small: is the data a few thousand rows? Then Spark is set up to start quickly instead of to work quickly.
        executor_memory: heap of each of the two executors.
        driver_memory: heap of the Thrift server.
        more: settings of Spark's; `{folder}` in them is the cluster's folder.

    Raises:
        NoClusterError: where there is no Spark or Java to start.
    """
    _spark()
    folder = Path(tempfile.mkdtemp(prefix="eroi_spark_"))
    try:
        for part in ("conf", "logs", "events", "local", "warehouse", "exchange"):
            (folder / part).mkdir()
        cluster = Cluster(folder, _free_port(), driver_memory, _free_port(), is_small)
        chosen = _settings(cluster, executor_memory) | (_SMALL if is_small else {})
        chosen |= {name: value.format(folder=folder) for name, value in (more or {}).items()}
        (folder / "conf" / "spark-defaults.conf").write_text("".join(f"{name} {value}\n" for name, value in chosen.items()))
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _settings(cluster: Cluster, executor_memory: str) -> dict[str, str]:
    folder = cluster.folder
    jar = str(_iceberg())
    return {
        "spark.master": f"spark://{HOST}:{cluster.master_port}",
        "spark.driver.host": HOST,
        "spark.driver.bindAddress": HOST,
        "spark.driver.memory": cluster.driver_memory,
        "spark.executor.memory": executor_memory,
        "spark.executor.cores": "1",
        "spark.driver.extraJavaOptions": cluster.java,
        "spark.executor.extraJavaOptions": cluster.java,
        "spark.driver.extraClassPath": jar,
        "spark.executor.extraClassPath": jar,
        "spark.local.dir": str(folder / "local"),
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": f"file://{folder / 'events'}",
        "spark.ui.enabled": "false",
        "spark.scheduler.mode": "FAIR",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "4",
        "spark.sql.warehouse.dir": f"file://{folder / 'warehouse'}",
        "spark.hadoop.javax.jdo.option.ConnectionURL": "jdbc:derby:memory:metastore;create=true",
        "spark.hadoop.hive.server2.thrift.port": str(cluster.port),
        "spark.hadoop.hive.server2.thrift.bind.host": HOST,
        "spark.hadoop.hive.exec.scratchdir": str(folder / "scratch"),
        # Iceberg's tables beside plain ones, in the one catalog that dbt-spark knows; Derby has no locks to ask for
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        "spark.sql.catalog.spark_catalog": "org.apache.iceberg.spark.SparkSessionCatalog",
        "spark.sql.catalog.spark_catalog.type": "hive",
        "spark.sql.catalog.spark_catalog.cache.expiration-interval-ms": "1",  # else a session goes on seeing the tables it has seen before
        # else a table cannot be replaced by one with another column in a place: Hive compares the types, place by place
        "spark.hadoop.hive.metastore.disallow.incompatible.col.type.changes": "false",
        "spark.hadoop.iceberg.engine.hive.lock-enabled": "false",
    }


def _spark() -> Path:
    found = find_spec("pyspark")
    if found is None or found.origin is None:
        raise NoClusterError("no Spark here: pip install --no-deps -r requirements-spark-cluster.lock")
    if not os.environ.get("JAVA_HOME") and shutil.which("java") is None:
        raise NoClusterError("no Java here: Spark needs Java 17, from JAVA_HOME or the PATH")
    _iceberg()
    return Path(found.origin).parent


def _iceberg() -> Path:
    """The jar for Spark 3.5 as pip installs it (Scala 2.12)."""
    found = find_spec("snowpark_connect_deps_iceberg")
    jars = sorted((Path(found.origin).parent / "jars").glob("iceberg-spark-runtime-3.5_2.12-*.jar")) if found and found.origin else []
    if not jars:
        raise NoClusterError("no Iceberg here: pip install --no-deps -r requirements-spark-cluster.lock")
    return jars[-1]


def _end_with_parent() -> None:
    """Linux: the process is killed when the one that started it ends, however it ends."""
    if os.uname().sysname == "Linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return int(listener.getsockname()[1])
