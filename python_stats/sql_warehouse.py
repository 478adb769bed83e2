"""Reading marts with SQL, the same on every database."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from python_stats.errors import UserError
from python_stats.tables import DESCRIPTIONS, row_of

Row = dict[str, Any]
Among = tuple[Sequence[str], Sequence[Sequence[str]]]  # columns, and the values of them that are asked for

#: Per table of which not every row may be seen, the query for those that may, made of (relation, its columns).
Shown = Mapping[str, Callable[[str, Sequence[str]], str]]


class SqlWarehouse:
    """What the databases have in common."""

    def __init__(self, connection: Any, schema: str) -> None:
        self._connection = connection
        self._schema = schema
        self._shown: Shown = {}

    def show_only(self, shown: Shown) -> None:
        """From now on, read of these tables what may be seen."""
        self._shown = shown

    def has(self, table: str) -> bool:
        """Is there such a table or view?"""
        return bool(self._columns(table))

    def read(self, table: str, columns: Sequence[str], order_by: Sequence[str] = (), among: Among | None = None) -> list[Row]:
        """Rows of a mart; see `Warehouse.read`."""
        known = self._columns(table)
        if not known:
            raise UserError(f"{self._schema}.{table}: no such table; run 'empathy-roi build' first")
        missing = [column for column in columns if column not in known]
        if missing:
            raise UserError(f"{self._schema}.{table}: no column '{missing[0]}'; rebuild it with 'empathy-roi build'")
        order = f" order by {', '.join(f'{self._by_bytes(column, known)} nulls last' for column in order_by)}" if order_by else ""
        asked = f" where {self._is_among(*among)}" if among else ""
        source = shown_source(self._shown, table, self._name(table), list(known))
        cursor = self._connection.execute(f"select {', '.join(map(self._quoted, columns))} from {source}{asked}{order}")
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]

    def _columns(self, table: str) -> Mapping[str, str]:
        """Name → type of a table's or view's columns, in order; nothing where there is none."""
        raise NotImplementedError

    def _by_bytes(self, column: str, known: Mapping[str, str]) -> str:  # noqa: ARG002
        """A column to order by, text in the order of its bytes."""
        return self._quoted(column)

    def _name(self, table: str) -> str:
        return f"{self._quoted(self._schema)}.{self._quoted(table)}"

    def _is_among(self, columns: Sequence[str], values: Sequence[Sequence[str]]) -> str:
        """The condition that columns have one of some values."""
        rows = ", ".join(f"({', '.join(map(self._literal, row))})" for row in values)
        return f"({', '.join(map(self._quoted, columns))}) in ({rows})" if values else "1 = 0"

    def _comments(self, table: str, there: Mapping[str, str | None]) -> list[str]:
        """Statements that say of a table that was written, and of its columns, what they are, where they do not say it yet.

        Args:
            table: its name.
            there: what is said of each column, and under '' of the table itself.
        """
        of_columns = {f"column {self._name(table)}.{self._quoted(name)}": (name, said) for name, said in DESCRIPTIONS[table].items()}
        wanted = {f"table {self._name(table)}": ("", row_of(table)), **of_columns}
        return [f"comment on {what} is {self._literal(said)}" for what, (name, said) in wanted.items() if there.get(name) != said]

    @staticmethod
    def _quoted(name: str) -> str:
        return quoted(name)

    @staticmethod
    def _literal(text: str) -> str:
        return literal(text)


def shown_source(shown: Shown, table: str, relation: str, columns: Sequence[str]) -> str:
    """What to select from, so that only those rows of a table are read that may be seen."""
    return f"({shown[table](relation, columns)}) as shown" if table in shown else relation


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as SQL writes it; chr(0) for what no SQL parser reads in a text."""
    parts = ["'" + part.replace("'", "''") + "'" for part in text.split("\0")]
    return parts[0] if len(parts) == 1 else f"({' || chr(0) || '.join(parts)})"
