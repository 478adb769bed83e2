"""What readers of a database with a server see: views that stay, over rows that carry the number of their publication.

    <schema>_published      the views
    <schema>_publications   one table a mart, with the rows of the last publications; `current`, the number that the views show

Publishing adds rows and then changes the one number. No view and no table is replaced, so what is built on the views stays. How rows
are added and the number is changed is each engine's own; what is the same on all stands here. The pages lie in a folder beside the
project and follow the database.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from shutil import copytree
from typing import Any

from python_stats.errors import UserError
from python_stats.operations import publication
from python_stats.operations.lock import RunLock
from python_stats.project import Project
from python_stats.sql_warehouse import Shown

NUMBER = "publication_no"
#: The columns of the view `publication`: one row a published table.
OWN_COLUMNS = ("publication_id", "as_of", "table_name", "row_count", "checksum", "rows_withheld")
OWN_COMMENT = "One row per published table: whose run it is of, its rows, a checksum over them, and how many rows are withheld"


def _everything(_: Path) -> Shown:
    return {}


class DatabasePublications(ABC):
    """Publications in the database itself, the pages in a folder (`Publisher`).

    Args:
        project: its target is of the engine's type.
        root: folder of the pages' publications.
        tables: names of the marts to publish, given the pages' folder.
        shown: per table of which not every row may be seen, the query for those that may, made of (relation, its columns).
    """

    def __init__(
        self, project: Project, root: Path, tables: Callable[[Path], Sequence[str]], shown: Callable[[Path], Shown] = _everything
    ) -> None:
        self.root = root
        self._project = project
        self._tables = tables
        self._shown_rows = shown
        self._kept, self._shown = self._quoted(f"{project.schema}_publications"), self._quoted(f"{project.schema}_published")

    @property
    @abstractmethod
    def target(self) -> str:
        """Names the schema and its server."""

    @abstractmethod
    def lock(self, holder: str, wait_s: float) -> AbstractContextManager[RunLock]:
        """Hold the run's lock while the block runs."""

    @staticmethod
    @abstractmethod
    def _quoted(name: str) -> str:
        """A name as the engine writes it."""

    @abstractmethod
    def _connection(self) -> AbstractContextManager[Any]:
        """To execute statements on; what the server refuses comes as the project's own errors."""

    @abstractmethod
    def _is_prepared(self, connection: Any) -> bool:
        """Has anything been published here?"""

    @abstractmethod
    def _add(
        self, connection: Any, publication_id: str, as_of: datetime, tables: Sequence[str], shown: Shown, keep: int
    ) -> None:
        """Write the rows of a publication, then switch the views to it, and remove what is older than the last `keep`."""

    @abstractmethod
    def _point_to(self, connection: Any, number: int) -> None:
        """Have the views show this publication, in one step."""

    def sweep(self) -> None:
        """Have the pages follow the database: a killed run may have left them one publication behind, or some that never came to be."""
        publication.sweep(self.root)
        there, now = self.publications(), self.current()
        pages = publication.publications(self.root)
        if now in pages and publication.current(self.root) != now:
            publication.point_to(self.root, str(now))
        publication.remove(self.root, [name for name in pages if name not in there])

    def current(self) -> str | None:
        """The publication that readers see; None where nothing is published."""
        found = self._ids(f"where {NUMBER} = (select {NUMBER} from {self._kept}.current)")
        return found[0] if found else None

    def publications(self) -> list[str]:
        """Complete publications, oldest first."""
        return self._ids(f"order by {NUMBER}")

    def publish(self, publication_id: str, pages: Path, as_of: datetime, keep: int) -> None:
        """Write a publication, switch readers to it, and remove what is older than the last `keep`.

        The pages are written first and pointed to last; killed in between, the next run's `sweep` points to them.

        Raises:
            DatabaseLockedError: the server went away, or somebody holds what has to be changed.
            UserError: the database or the pages' folder does not take it.
        """

        def fill(folder: Path) -> None:
            copytree(pages, folder, dirs_exist_ok=True)

        publication.prepare(self.root, publication_id, fill)
        tables = self._tables(pages)
        with self._connection() as connection:
            self._add(connection, publication_id, as_of, tables, self._shown_rows(pages), keep)
        publication.switch(self.root, publication_id, keep)

    def roll_back(self) -> str:
        """Switch readers to the publication before the current one.

        Raises:
            UserError: there is none.
        """
        now = self.current()
        older = [name for name in self.publications() if now is not None and name < now]
        if not older:
            raise UserError(f"{self._shown}: there is no publication before {now or 'the first'} to go back to")
        with self._connection() as connection:
            self._point_to(connection, number_of(older[-1]))
        if older[-1] in publication.publications(self.root):
            publication.point_to(self.root, older[-1])
        return older[-1]

    def _ids(self, which: str) -> list[str]:
        with self._connection() as connection:
            if not self._is_prepared(connection):
                return []
            found = connection.execute(f"select publication_id from {self._kept}.publications {which}").fetchall()
            return [name for (name,) in found]


def number_of(publication_id: str) -> int:
    """The number of a publication: `000042-20260505T031500Z` is 42."""
    return int(publication_id[:6])
