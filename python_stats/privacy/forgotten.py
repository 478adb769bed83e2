"""The list of the forgotten: keyed hashes of their identities (`u:` + user_id, `a:` + anonymous_id), and nothing else about them.

On DuckDB it is a file beside the project, so that neither a full refresh nor a deleted database brings anybody back. Staging reads it
(macros/privacy/forgotten.sql). Keep it like a seed: under version control, or at least backed up.
"""

import csv
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from python_stats.errors import UserError
from python_stats.privacy.keys import FORGET_KEY, HOW_TO_MAKE, PSEUDONYM_KEY, connection_keys, key_check, keyed_hash
from python_stats.project import Project

PLACE = "EMPATHY_ROI_FORGOTTEN"
FILE = "forgotten_persons.csv"

_COLUMNS = ("identity_hash", "key_check")


@dataclass(frozen=True)
class ForgottenList:
    """The list and the key its hashes are made with.

    Attributes:
        path: the file.
        key: of `connection_keys`, purpose `forget`.
    """

    path: Path
    key: str

    def hash_of(self, identity: str) -> str:
        """What stands in the list for `u:…` or `a:…`."""
        return keyed_hash(self.key, identity)

    def read(self) -> set[str]:
        """The hashes in the list.

        Raises:
            UserError: the file cannot be read, or was written with another key.
        """
        if not self.path.is_file():
            return set()
        try:
            with self.path.open(newline="", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
            hashes, checks = {row["identity_hash"] for row in rows}, {row["key_check"] for row in rows}
        except (OSError, UnicodeDecodeError, KeyError, csv.Error) as error:
            raise UserError(f"{self.path}: cannot be read as the list of the forgotten (columns {', '.join(_COLUMNS)})") from error
        if checks - {key_check(self.key)}:
            raise UserError(f"{self.path}: was written with another key than that of {FORGET_KEY} (or {PSEUDONYM_KEY}); set that one")
        return hashes

    def add(self, identities: Iterable[str]) -> None:
        """Put identities on the list: the old file or the new one is there, never a half.

        Raises:
            UserError: the file cannot be written.
        """
        hashes = sorted(self.read() | {self.hash_of(identity) for identity in identities})
        draft = self.path.with_name(self.path.name + ".draft")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with draft.open("w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(_COLUMNS)
                writer.writerows((value, key_check(self.key)) for value in hashes)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.path)
        except OSError as error:
            raise UserError(f"{self.path}: cannot be written ({error.strerror})") from error


def open_list(project: Project) -> ForgottenList:
    """The list of a project.

    Raises:
        UserError: no key is set, or one that is too short.
    """
    key = connection_keys().get("forget")
    if key is None:
        raise UserError(
            f"forgetting needs a key, so that the list of the forgotten names nobody: set {PSEUDONYM_KEY}, or {FORGET_KEY} ({HOW_TO_MAKE})"
        )
    return ForgottenList(project.folder / (os.environ.get(PLACE) or FILE), key)
