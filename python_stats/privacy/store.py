"""What `empathy-roi forget` needs of a database: where rows are, how the bytes of deleted ones are overwritten, how texts are searched.

Here is what databases have in common; `duckdb_store` and `postgres_store` say the rest.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

from python_stats.privacy import persons
from python_stats.privacy.forgotten import ForgottenList
from python_stats.privacy.keys import connection_keys, keyed_hash
from python_stats.privacy.persons import Ask, RawRows
from python_stats.privacy.traces import LEAST_SEARCHED
from python_stats.project import Project
from python_stats.sql_warehouse import quoted

_IDENTITY_COLUMNS = ("user_id", "anonymous_id", "agent_id", "person_id", "identity", "row_id")


class Found(NamedTuple):
    """The persons that ids mean, before anything is done.

    Attributes:
        identities: all of theirs, `u:…` and `a:…`.
        ids: what to look for afterwards: the ids, and how the marts write them.
        rows_erased: per table of the marts, their rows.
        raw_rows: per raw table that holds the ids, `rows` and `files`.
    """

    identities: set[str]
    ids: list[str]
    rows_erased: dict[str, int]
    raw_rows: dict[str, dict[str, Any]]


class Store(ABC):
    """A database that persons are to be erased from; every method opens and closes it by itself."""

    def __init__(self, project: Project, the_list: ForgottenList) -> None:
        self.project = project
        self.the_list = the_list

    @abstractmethod
    def asking(self) -> AbstractContextManager[Ask]:
        """To ask the working database.

        Raises:
            UserError: nothing was built there yet.
        """

    @abstractmethod
    def raw_tables(self, ask: Ask) -> dict[str, RawRows]:
        """Where each raw table is that can be read."""

    @abstractmethod
    def publishes_persons(self) -> bool:
        """Do readers see tables about single persons?"""

    @abstractmethod
    def erase_raw_rows(self, identities: Iterable[str]) -> dict[str, dict[str, int]]:
        """Delete the persons' rows where `empathy-roi load` had copied them to: per table `rows`, and `ids` taken out of rows of others."""

    @abstractmethod
    def overwrite(self, wait_s: float) -> list[str]:
        """Leave no byte of a row that was deleted; killed at any moment, it can be called again.

        Args:
            wait_s: how long to wait for readers, in seconds.

        Returns:
            Tables where that is not in our power.

        Raises:
            DatabaseLockedError: a reader needs them still.
            UserError: it cannot be done.
        """

    @abstractmethod
    def files(self) -> list[Path]:
        """Files of the database on this machine."""

    @abstractmethod
    def search(self, ids: Sequence[str]) -> dict[str, int]:
        """Look for the ids in every text of every table, what is published included: `schema.table.column` → rows."""

    def find(self, given: Sequence[str]) -> Found:
        """Whom the ids mean, and where they are.

        Raises:
            UserError: an id that nobody has, or that two kinds of ids have.
        """
        on_it = self.the_list.read()
        pseudonym_key = connection_keys().get("pseudonym") if self.project.variables.get("pseudonymize") else None
        pseudonym = None if pseudonym_key is None else lambda text: keyed_hash(pseudonym_key, text)
        with self.asking() as ask:
            raw = self.raw_tables(ask)
            identities = persons.identities_of(
                ask, raw, self.project.schema, given, lambda identity: self.the_list.hash_of(identity) in on_it, pseudonym
            )
            ids = [identity[2:] for identity in sorted(identities)]
            written = ids if pseudonym is None else [pseudonym(text) for text in ids]
            person_ids = [identity[:2] + text for identity, text in zip(sorted(identities), written, strict=True)]
            return Found(
                identities, sorted({*ids, *written}), self._rows_of(ask, person_ids), persons.rows_with(ask, raw, identities)
            )

    def table_rows(self) -> dict[str, int]:
        """Rows per table of the marts' schema."""
        query = "select table_name from information_schema.tables where table_schema = ? and table_type = 'BASE TABLE' order by 1"
        with self.asking() as ask:
            return {name: int(ask(f"select count(*) from {self._name(name)}")[0][0]) for (name,) in ask(query, self.project.schema)}

    def _rows_of(self, ask: Ask, person_ids: Sequence[str]) -> dict[str, int]:
        """Per table of the marts, the rows of these persons."""
        query = "select table_name from information_schema.columns where table_schema = ? and column_name = 'person_id' order by 1"
        condition = "person_id in (select unnest(cast(? as varchar[])))"
        found = {
            name: int(ask(f"select count(*) from {self._name(name)} where {condition}", list(person_ids))[0][0])
            for (name,) in ask(query, self.project.schema)
        }
        return {name: rows for name, rows in found.items() if rows}

    def _name(self, table: str) -> str:
        return f"{quoted(self.project.schema)}.{quoted(table)}"


def search_columns(ask: Ask, columns: Iterable[tuple[str, str, str]], ids: Sequence[str], matches: str) -> dict[str, int]:
    """Look for ids as a value in columns of ids, as a word elsewhere.

    Args:
        columns: schema, table and column, of texts.
        matches: the condition that a text `{text}` matches a regular expression `?`.

    Returns:
        `schema.table.column` → rows.
    """
    word = word_pattern(ids)
    values = [form for text in ids for form in (text, "u:" + text, "a:" + text)]
    found = {}
    for schema, table, column in columns:
        text, relation = f"cast({quoted(column)} as varchar)", f"{quoted(schema)}.{quoted(table)}"
        if column in _IDENTITY_COLUMNS:
            hits = ask(f"select count(*) from {relation} where {text} in (select unnest(cast(? as varchar[])))", values)
        elif word is not None:
            hits = ask(f"select count(*) from {relation} where {matches.format(text=text)}", word)
        else:
            continue
        if hits[0][0]:
            found[f"{schema}.{table}.{column}"] = int(hits[0][0])
    return found


def word_pattern(ids: Sequence[str]) -> str | None:
    """A regular expression for any of the ids as a word; None where all of them are too short to tell."""
    words = "|".join(re.escape(text) for text in ids if len(text) >= LEAST_SEARCHED)
    return f"(^|[^0-9A-Za-z])({words})($|[^0-9A-Za-z])" if words else None
