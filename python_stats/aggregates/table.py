"""A CSV or Parquet file as rows, with errors that name file, row and column."""

import csv
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from python_stats.csv_files import separator_fault
from python_stats.errors import UserError


@dataclass(frozen=True)
class Table:
    """The content of a file.

    Attributes:
        name: as the user wrote it.
        columns: in the file's order.
        rows: one mapping per row; empty text is None.
        first_row: number of the first row as an editor shows it (a CSV's header is line 1).
    """

    name: str
    columns: Sequence[str]
    rows: Sequence[dict[str, Any]]
    first_row: int

    def where(self, index: int, column: str | None = None) -> str:
        """'counts.csv, row 3, column persons'."""
        return f"{self.name}, row {self.first_row + index}" + (f", column {column}" if column else "")

    def column(self, given: str | None, usual: Iterable[str], purpose: str, flag: str) -> str:
        """The column that was asked for, or the first of the usual ones that is there.

        Raises:
            UserError: where it is not there.
        """
        wanted = [given] if given else list(usual)
        found = next((name for name in wanted if name in self.columns), None)
        if found is None:
            hint = f"no column '{given}'" if given else f"no column for {purpose} ({', '.join(wanted)}); name it with {flag}"
            raise UserError(f"{self.name}: {hint}; it has {', '.join(self.columns)}")
        return found

    def number(self, index: int, column: str) -> float | None:
        """A finite number, or None for an empty cell.

        Raises:
            UserError: for anything else.
        """
        value = self.rows[index].get(column)
        if value is None:
            return None
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if isinstance(value, bool) or not math.isfinite(number):
            raise UserError(f"{self.where(index, column)}: '{value}' is no number; write one such as 1250 or 0.5, or leave it empty")
        return number

    def text(self, index: int, column: str) -> str:
        """Text that is not empty.

        Raises:
            UserError: where it is.
        """
        value = self.rows[index].get(column)
        if value is None:
            raise UserError(f"{self.where(index, column)}: is empty; every row needs one")
        return str(value)

    def day(self, index: int, column: str) -> date | None:
        """A date where the cell is an ISO date or a Parquet date; None for any other text (a day may be called anything).

        Raises:
            UserError: where the cell is empty.
        """
        value = self.rows[index].get(column)
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        try:
            return datetime.fromisoformat(self.text(index, column)).date()
        except ValueError:
            return None


def read_table(path: Path) -> Table:
    """Read a file by its ending: .csv, or .parquet / .pq.

    Raises:
        UserError: a file that is not there, cannot be read, has no rows, or a row with too many or too few cells.
    """
    name = str(path)
    if not path.is_file():
        raise UserError(f"{name}: no such file")
    ending = path.suffix.lower()
    if ending == ".csv":
        table = _csv(path)
    elif ending in (".parquet", ".pq"):
        table = _parquet(path)
    else:
        raise UserError(f"{name}: must end in .csv or .parquet")
    if not table.rows:
        raise UserError(f"{name}: has no rows")
    return table


def _csv(path: Path) -> Table:
    name = str(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            cells = list(csv.reader(lines, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{name}: cannot be read as CSV in UTF-8 ({str(error).splitlines()[0]})") from error
    if not cells or not any(cells[0]):
        raise UserError(f"{name}: has no header; name the columns in the first row")
    separator = separator_fault(cells[0])
    if separator:
        raise UserError(f"{name}: {separator}")
    columns = [cell.strip() for cell in cells[0]]
    repeated = next((column for column in columns if columns.count(column) > 1), None)
    if repeated is not None:
        raise UserError(f"{name}: the column '{repeated}' is there twice")
    rows: list[dict[str, Any]] = []
    for number, row in enumerate(cells[1:], start=2):
        if not row:
            row = [""] * len(columns)
        if len(row) != len(columns):
            raise UserError(f"{name}, row {number}: has {len(row)} cells, the header has {len(columns)}")
        rows.append({column: cell.strip() or None for column, cell in zip(columns, row, strict=True)})
    while rows and not any(value is not None for value in rows[-1].values()):
        rows.pop()
    return Table(name, columns, rows, 2)


def _parquet(path: Path) -> Table:
    import duckdb

    try:
        with duckdb.connect() as connection:
            cursor = connection.execute("select * from read_parquet(?)", [str(path)])
            columns = [part[0] for part in cursor.description or ()]
            rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    except duckdb.Error as error:
        raise UserError(f"{path}: cannot be read as Parquet ({str(error).splitlines()[0]})") from error
    return Table(str(path), columns, rows, 1)
