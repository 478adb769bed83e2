"""What is wrong with a file that is to be CSV with commas in UTF-8: what dbt and DuckDB say of it names no row, or not in words."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_BOM = b"\xef\xbb\xbf"
_LARGEST = 1 << 25  # bytes of a cell, as DuckDB is told for a line
_LONGEST = 30  # characters of a cell that is shown
_LINES = 3  # further lines that are named


class _TextError(Exception):
    """A line that is no UTF-8; the message says why."""


def fault(path: Path, is_one_line_end: bool = False) -> str | None:
    """What is wrong, with file and line, in one line; None where nothing is.

    Args:
        path: the file.
        is_one_line_end: must all lines end alike, as DuckDB wants it?

    Raises:
        OSError: the file cannot be opened.
    """
    csv.field_size_limit(_LARGEST)
    with path.open("rb") as file:
        lines = _Lines(file)
        reader = csv.reader(lines)
        ragged: list[tuple[int, int]] = []  # line, cells
        first: list[str] = []
        rows = 0
        try:
            header = next(reader, [])
            told = separator_fault(header) or _names_fault(header)
            if told:
                return f"{path}, line 1: {told}"
            start = reader.line_num + 1
            for row in reader:
                rows += bool(row)
                if row and len(row) != len(header):
                    first = first or row
                    ragged.append((start, len(row)))
                start = reader.line_num + 1
        except _TextError as error:
            return f"{path}, line {lines.number}: {error}"
        except csv.Error as error:  # a CR inside a line, a cell of 32 MB
            advice = "ends a line with CR alone; save it with LF or CRLF" if "new-line" in str(error) else f"is no CSV ({error})"
            return f"{path}, line {lines.number}: {advice}"
    if ragged:
        return _ragged(path, header, ragged, first, rows)
    if is_one_line_end and lines.other_end:
        return f"{path}, line {lines.other_end}: ends in another way than line 1; save it with one kind of line end, LF or CRLF"
    return None


def separator_fault(header: Sequence[str]) -> str | None:
    """What to say of a file whose cells are separated by something else than commas."""
    for separator, name in ((";", "semicolons"), ("\t", "tabs")):
        if len(header) == 1 and separator in header[0]:
            return f"the cells are separated by {name}; save it with commas"
    return None


def _names_fault(header: Sequence[str]) -> str | None:
    unnamed = [number for number, cell in enumerate(header, 1) if not cell.strip()]
    if len(unnamed) == len(header):
        return "has no names of columns; write the header there"
    return f"the header has no name for column {unnamed[0]}" if unnamed else None


def _ragged(path: Path, header: Sequence[str], ragged: Sequence[tuple[int, int]], first: Sequence[str], rows: int) -> str:
    line, cells = ragged[0]
    if len(ragged) == rows > 1 and {found for _, found in ragged} == {cells}:
        which = "is a name missing" if cells > len(header) else "has it a name too many"
        return f"{path}, line 1: the header has {len(header)} names where all {rows} rows have {cells} cells: {which}?"
    key = ", ".join(f"{name}={' '.join(cell[:_LONGEST].split())}" for name, cell in list(zip(header, first, strict=False))[:2])
    too_many, too_few = "is a decimal comma or a comma in a text unquoted", "is a cell missing, or a quotation mark not closed"
    advice = too_many if cells > len(header) else too_few
    others = [str(found) for found, _ in ragged[1:]]
    more = f", and {len(others) - _LINES} more" if len(others) > _LINES else ""
    likewise = f" (further lines: {', '.join(others[:_LINES])}{more})" if others else ""
    return f"{path}, line {line}, {key}: has {cells} cells where the header has {len(header)}: {advice}?{likewise}"


class _Lines:
    """A file's lines as text, and where they are."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.number = 0
        self.other_end = 0  # the first line that does not end as the first one does

    def __iter__(self) -> Iterator[str]:
        is_windows = None
        for line in self._file:
            self.number += 1
            if self.number == 1 and line.startswith(_UTF_16):
                raise _TextError("is no UTF-8 text but UTF-16; save it as UTF-8")
            try:
                text = (line.removeprefix(_BOM) if self.number == 1 else line).decode("utf-8")
            except UnicodeDecodeError as error:
                raise _TextError(f"is no UTF-8 text (byte 0x{line[error.start]:02x}); save it as UTF-8") from error
            if "\0" in text:
                raise _TextError("has a byte 0, as no text has (is it UTF-16?); save it as UTF-8")
            if line.endswith(b"\n"):
                ends = line.endswith(b"\r\n")
                is_windows = ends if is_windows is None else is_windows
                if ends != is_windows and not self.other_end:
                    self.other_end = self.number
            yield text
