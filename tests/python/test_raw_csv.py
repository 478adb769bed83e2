"""Every row of a raw CSV file is read, or the file is refused: DuckDB guesses nothing that makes rows vanish."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

import duckdb
import pytest

from python_stats.loading import raw_files, unreadable_file

PROJECT = Path(__file__).resolve().parents[2]
CELLS = ["1", "#", "#2", "# n", "a", "", '"q"', '"a,b"', '"x\ny"', " ", '"', 'a"b', "'", "\\", '"a""b"', '""', "//x", "-", ";", "\t", "|", "\ufefft"]


CONNECTION = duckdb.connect()


def read(path: Path) -> list[list[str]]:
    return [[cell or "" for cell in row] for row in CONNECTION.execute(f"select * from {raw_files(str(path))[1]}").fetchall()]


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8", newline="")
    return path


def test_ids_with_a_hash_in_front(tmp_path: Path) -> None:
    ids = [f"{'#' if number % 2 else ''}{number}" for number in range(235)]
    assert read(written(tmp_path / "raw.csv", "id,kind\n" + "".join(f"{name},x\n" for name in ids))) == [[name, "x"] for name in ids]


def test_a_long_row_with_a_hash_in_front(tmp_path: Path) -> None:
    assert len(read(written(tmp_path / "raw.csv", f"id,kind\n1,x\n#{'z' * 5000},y\n3,z\n"))) == 3


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("id,kind\n#1,x\n2,y\n# 2 rows exported\n", ("line 4,", "has 1 cells where the header has 2")),
        ("id,kind\n1,x\n#2,y,too,many\n3,z\n", ("line 3,", "has 4 cells where the header has 2")),
        ("id,kind\n1,x\n2,y\nid,kind,more\n3,x,1\n4,y,2\n5,z,3\n", ("line 4,", "has 3 cells where the header has 2")),
    ],
)
def test_rows_of_another_width_are_refused(tmp_path: Path, text: str, told: tuple[str, str]) -> None:
    path = written(tmp_path / "raw.csv", text)
    with pytest.raises(duckdb.Error):
        read(path)
    fault = unreadable_file(CONNECTION, str(path), False) or ""
    assert fault.startswith(str(path)) and all(part in fault for part in told)


@pytest.mark.parametrize(
    ("text", "columns", "rows"),
    [
        ("\ufeffID,Kind\r\n1,x\r\n2,\"y\r\nz\"\r\n", ["ID", "Kind"], [("1", "x"), ("2", "y\r\nz")]),
        ("id,kind\n", ["id", "kind"], []),
        ("id,kind", ["id", "kind"], []),
        ("id,kind\n1,x\n\n2,y\n\n", ["id", "kind"], [("1", "x"), ("2", "y")]),
        ("id,kind\n1,a;b\n2,\"c\"\"d\"", ["id", "kind"], [("1", "a;b"), ("2", 'c"d')]),
    ],
)  # fmt: skip
def test_what_can_be_read(tmp_path: Path, text: str, columns: list[str], rows: list[tuple[str, str]]) -> None:
    path = written(tmp_path / "raw.csv", text)
    found = CONNECTION.execute(f"select * from {raw_files(str(path))[1]}")
    assert [column[0] for column in found.description or ()] == columns
    assert found.fetchall() == rows


def test_no_row_of_any_file_is_lost(tmp_path: Path) -> None:
    """Small files of odd cells, rows of any width and a second header: what is read has as many rows as Python's own reader finds."""
    chance = random.Random(3)
    compared = 0
    for _ in range(400):
        header = ["id", "a", "b"][: chance.choice((2, 3))]
        cells = chance.sample(CELLS, chance.choice((2, 4, 8)))
        lines = [header]
        for _ in range(chance.choice((0, 1, 2, 5, 30))):
            lines.append([chance.choice(cells) for _ in range(len(header) if chance.random() > 0.03 else chance.choice((1, 2, 3, 4)))])
        if chance.random() < 0.1:
            lines.insert(chance.randrange(1, len(lines) + 1), ["id", "a", "b", "c"][: len(header) + chance.choice((0, 1))])
        text = chance.choice(("\n", "\r\n")).join(",".join(line) for line in lines) + chance.choice(("", "\n"))
        try:
            rows = read(written(tmp_path / "raw.csv", text))
        except duckdb.Error:
            continue
        expected = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row][1:]
        assert len(rows) == len(expected), text
        compared += 1
    assert compared > 200


def test_models_read_files_in_the_same_way() -> None:
    options = raw_files("raw.csv")[1].removeprefix("read_csv('raw.csv', ").removesuffix(")")
    assert options in (PROJECT / "macros" / "staging" / "raw_relation.sql").read_text(encoding="utf-8").replace('\\"', '"')
