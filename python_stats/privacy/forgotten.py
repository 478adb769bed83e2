"""The list of the forgotten: keyed hashes of their identities (`u:` + user_id, `a:` + anonymous_id), and nothing else about them.

On DuckDB it is a file beside the project, so that neither a full refresh nor a deleted database brings anybody back; where many machines
may build, it is a table in the schema of the marts. Staging reads it (macros/privacy/forgotten.sql). Keep it like a seed: under version
control, or at least backed up.
"""

import csv
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path

from python_stats.errors import UserError
from python_stats.privacy.keys import FORGET_KEY, HOW_TO_MAKE, PSEUDONYM_KEY, connection_keys, key_check, keyed_hash
from python_stats.project import Project
from python_stats.sql_warehouse import quoted

PLACE = "EMPATHY_ROI_FORGOTTEN"
FILE = "forgotten_persons.csv"
TABLE = "forgotten_persons"

_COLUMNS = ("identity_hash", "key_check")


class ForgottenList(ABC):
    """The list and the key its hashes are made with.

    Args:
        key: of `list_key`.
        place: of the list, for messages.
    """

    def __init__(self, key: str, place: str) -> None:
        self.key = key
        self.place = place

    def hash_of(self, identity: str) -> str:
        """What stands in the list for `u:…` or `a:…`."""
        return keyed_hash(self.key, identity)

    def read(self) -> set[str]:
        """The hashes in the list.

        Raises:
            UserError: the list cannot be read, or was written with another key.
        """
        rows = self._rows()
        if {check for _, check in rows} - {key_check(self.key)}:
            raise UserError(f"{self.place}: was written with another key than that of {FORGET_KEY} (or {PSEUDONYM_KEY}); set that one")
        return {identity_hash for identity_hash, _ in rows}

    def add(self, identities: Iterable[str]) -> None:
        """Put identities on the list: the old list or the new one is there, never a half.

        Raises:
            UserError: the list cannot be written.
        """
        hashes = self.read() | {self.hash_of(identity) for identity in identities}
        self._write([(value, key_check(self.key)) for value in sorted(hashes)])

    @abstractmethod
    def _rows(self) -> list[tuple[str, str]]:
        """(identity_hash, key_check) of each; nothing where there is no list."""

    @abstractmethod
    def _write(self, rows: list[tuple[str, str]]) -> None:
        """Have these on the list; all that were on it are among them."""


class ForgottenFile(ForgottenList):
    """A file."""

    def __init__(self, key: str, path: Path) -> None:
        super().__init__(key, str(path))
        self.path = path

    def _rows(self) -> list[tuple[str, str]]:
        if not self.path.is_file():
            return []
        try:
            with self.path.open(newline="", encoding="utf-8") as file:
                return [(row["identity_hash"], row["key_check"]) for row in csv.DictReader(file)]
        except (OSError, UnicodeDecodeError, KeyError, csv.Error) as error:
            raise UserError(f"{self.path}: cannot be read as the list of the forgotten (columns {', '.join(_COLUMNS)})") from error

    def _write(self, rows: list[tuple[str, str]]) -> None:
        draft = self.path.with_name(self.path.name + ".draft")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with draft.open("w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(_COLUMNS)
                writer.writerows(rows)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.path)
        except OSError as error:
            raise UserError(f"{self.path}: cannot be written ({error.strerror})") from error


class ForgottenTable(ForgottenList):
    """A table of a Postgres database."""

    def __init__(self, key: str, project: Project) -> None:
        super().__init__(key, f"{project.schema}.{TABLE}")
        self._project = project
        self._name = f"{quoted(project.schema)}.{TABLE}"

    def _rows(self) -> list[tuple[str, str]]:
        from python_stats import postgres

        with postgres.connect(self._project, read_only=True) as connection:
            if not postgres.columns_of(connection, self._project.schema, TABLE):
                return []
            return list(connection.execute(f"select {', '.join(_COLUMNS)} from {self._name}").fetchall())

    def _write(self, rows: list[tuple[str, str]]) -> None:
        from python_stats import postgres

        with postgres.connect(self._project) as connection, connection.transaction():
            connection.execute(f"create table if not exists {self._name} (identity_hash text primary key, key_check text not null)")
            with connection.cursor() as cursor:
                cursor.executemany(f"insert into {self._name} values (%s, %s) on conflict do nothing", rows)


def list_key() -> str:
    """The key of the list.

    Raises:
        UserError: no key is set, or one that is too short.
    """
    key = connection_keys().get("forget")
    if key is None:
        raise UserError(
            f"forgetting needs a key, so that the list of the forgotten names nobody: set {PSEUDONYM_KEY}, or {FORGET_KEY} ({HOW_TO_MAKE})"
        )
    return key


def list_file(project: Project) -> Path:
    """Where the list is that is a file."""
    return project.folder / (os.environ.get(PLACE) or FILE)
