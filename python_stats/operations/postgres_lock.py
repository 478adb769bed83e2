"""One run at a time per schema of a Postgres database, whichever machine it comes from.

The lock is the server's (an advisory lock of a session): it ends with the session, and the session ends with the last process that has its
socket open. So a killed run never has to be cleaned up after, and a dbt that outlives a killed run holds the lock until it, too, has ended.
"""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from python_stats import postgres
from python_stats.errors import DatabaseLockedError
from python_stats.operations.lock import RunLock
from python_stats.project import Project

#: Tells dbt, in its environment, which session of the server holds the lock for it (`macros/portable/one_build.sql`).
HOLDER_VARIABLE = "EMPATHY_ROI_LOCK_SESSION"

_CLASS = 1162694473  # "EROI": the first of the two numbers of each of our advisory locks
_OURS = "empathy-roi: "
_PAUSE_S = 0.1
_SETTINGS = {
    "idle_session_timeout": "0",  # it waits while dbt works
    "idle_in_transaction_session_timeout": "0",
    "tcp_keepalives_idle": "60",  # a machine that is gone is noticed in two minutes
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "6",
}


@dataclass(frozen=True)
class DatabaseLock(RunLock):
    """A held lock.

    Attributes:
        connection: whose session holds it; who works on this connection works under the lock, or not at all.
    """

    connection: Any = None

    def tell(self, holder: str) -> None:
        """Say whose it is, for whoever finds it held."""
        _set(self.connection, "application_name", f"{_OURS}{holder}, process {os.getpid()} on {socket.gethostname()}")


@contextmanager
def database_lock(project: Project, holder: str, wait_s: float = 0.0) -> Iterator[DatabaseLock]:
    """Hold the lock while the block runs.

    Args:
        project: its target is of type postgres; the lock is that of its schema.
        holder: whose it is, for whoever finds it held, such as `a rollback`.
        wait_s: how long to wait for another run to end, in seconds.

    Raises:
        DatabaseLockedError: another run still holds it after `wait_s`, or the server takes no connection just now.
        UserError: there is no connection.
    """
    with postgres.connect(project) as connection:
        for name, value in _SETTINGS.items():
            _set(connection, name, value)
        deadline = time.monotonic() + wait_s
        while not _is_taken(connection, project.schema):
            if time.monotonic() >= deadline:
                who = _holder(connection, project.schema)
                raise DatabaseLockedError(
                    f"{postgres.place_of(project.output)}, schema {project.schema}: {who} is still at work; try again later, or give --wait"
                )
            time.sleep(_PAUSE_S)
        lock = DatabaseLock(connection.fileno(), {HOLDER_VARIABLE: str(connection.info.backend_pid)}, connection)
        lock.tell(holder)
        yield lock


def _set(connection: Any, name: str, value: str) -> None:
    connection.execute("select set_config(%s, %s, false)", [name, value])


def _is_taken(connection: Any, schema: str) -> bool:
    return bool(connection.execute("select pg_try_advisory_lock(%s, hashtext(%s))", [_CLASS, schema]).fetchone()[0])


def _holder(connection: Any, schema: str) -> str:
    row = connection.execute(
        "select sessions.application_name from pg_locks as locks inner join pg_stat_activity as sessions on locks.pid = sessions.pid"
        " where locks.locktype = 'advisory' and locks.granted and locks.classid = %s and locks.objid = hashtext(%s)::oid"
        " and locks.database = (select oid from pg_database where datname = current_database())",
        [_CLASS, schema],
    ).fetchone()
    return row[0].removeprefix(_OURS) if row and row[0] else "another run"
