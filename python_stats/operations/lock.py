"""One run at a time per working database.

The lock is the kernel's (`flock`), not the file's existence: it ends with the last process that holds it, however that process ends, so
a killed run never has to be cleaned up after. A dbt that outlives a killed run inherits the lock and holds it until it, too, has ended.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from python_stats.errors import DatabaseLockedError, UserError

_PAUSE_S = 0.1


@dataclass(frozen=True)
class RunLock:
    """A held lock.

    Attributes:
        descriptor: to be handed to every process that works for this run.
        environment: likewise.
    """

    descriptor: int
    environment: Mapping[str, str] = field(default_factory=dict)

    def tell(self, holder: str) -> None:
        """Say whose it is, for whoever finds it held: `run 000042-20260505T031500Z`."""
        text = json.dumps({"holder": holder, "process": os.getpid()}).encode()
        os.pwrite(self.descriptor, text, 0)
        os.ftruncate(self.descriptor, len(text))


@contextmanager
def run_lock(path: Path, holder: str, wait_s: float = 0.0) -> Iterator[RunLock]:
    """Hold the lock while the block runs.

    Args:
        path: the lock's file; made where it is not there, and left where it is.
        holder: whose it is, for whoever finds it held, such as `a rollback`.
        wait_s: how long to wait for another run to end, in seconds.

    Raises:
        DatabaseLockedError: another run still holds it after `wait_s`.
        UserError: the file cannot be made or opened.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise UserError(f"{path}: cannot be opened for the run's lock ({error.strerror})") from error
    try:
        _acquire(descriptor, path, time.monotonic() + wait_s)
        lock = RunLock(descriptor)
        lock.tell(holder)
        yield lock
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, path: Path, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= deadline:
                raise DatabaseLockedError(f"{path}: {_holder(descriptor)} is still at work; try again later, or give --wait") from error
            time.sleep(_PAUSE_S)
        else:
            return


def _holder(descriptor: int) -> str:
    try:
        found = json.loads(os.pread(descriptor, 4096, 0))
        return f"{found['holder']} (process {found['process']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another run"
