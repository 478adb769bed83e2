"""Whatever is broken in a raw file, the message names the file."""

from __future__ import annotations

import json
import random
from pathlib import Path

import duckdb
import pytest

from python_stats import loading
from python_stats.broken_files import broken_file
from python_stats.errors import UserError
from python_stats.project import Flags, open_project


@pytest.fixture
def files(project: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Three Parquet files of one raw table, one of them with a name that is a pattern itself; the other tables have none."""
    monkeypatch.setenv("EMPATHY_ROI_RAW_LOCATION", "lake/{table}")
    folder = project / "lake" / "events"
    folder.mkdir(parents=True)
    found = [folder / name for name in ("a.parquet", "day=[2*].parquet", "z.parquet")]
    with duckdb.connect() as connection:
        for number, path in enumerate(found):
            rows = f"select 'event ' || i as event_id, i % 7 as kind, {number} as file from range(3000) as t(i)"
            connection.execute(f"copy ({rows}) to '{path}' (format parquet)")
    return found


def results(folder: Path, *failed: str) -> Path:
    """What dbt writes of models that failed."""
    path = folder / "run_results.json"
    path.write_text(json.dumps({"results": [{"unique_id": f"model.empathy_roi.{name}", "status": "error"} for name in failed]}))
    return path


def test_whole_files_are_not_blamed(project: Path, files: list[Path]) -> None:
    assert broken_file(open_project(Flags(project_dir=str(project))), results(project, "int_checked_events", "as_of")) is None


def is_readable(path: Path) -> bool:
    with duckdb.connect() as connection:
        try:
            connection.execute("select max(hash(found)) from read_parquet(?) as found", [str(path)])
        except duckdb.Error:
            return False
    return True


@pytest.mark.parametrize("which", [0, 2])
def test_the_broken_one_is_named(project: Path, files: list[Path], which: int) -> None:
    opened, whole, broken = open_project(Flags(project_dir=str(project))), files[which].read_bytes(), 0
    failed = results(project, "int_checked_events")
    for seed in range(60):
        chance = random.Random(seed)
        content = bytearray(whole)
        for _ in range(chance.choice((1, 20, len(whole) // 2))):
            content[chance.randrange(len(content))] = chance.randrange(256)
        files[which].write_bytes(content)
        told = broken_file(opened, failed)
        assert (told is None) == is_readable(files[which])
        if told is not None:
            broken += 1
            assert told.startswith(f"{files[which]}: cannot be read (") and "\n" not in told
    assert broken > 30


def test_a_file_named_like_a_pattern(project: Path, files: list[Path]) -> None:
    files[1].write_bytes(files[1].read_bytes()[:500])
    told = broken_file(open_project(Flags(project_dir=str(project))), None)
    assert told is not None and told.startswith(f"{files[1]}: cannot be read (")


def test_rows_are_read_only_where_reading_failed(project: Path, files: list[Path]) -> None:
    content = bytearray(files[0].read_bytes())
    content[200:1200] = bytes(1000)
    files[0].write_bytes(content)
    opened = open_project(Flags(project_dir=str(project)))
    assert broken_file(opened, None) is None
    told = broken_file(opened, results(project, "int_checked_events"))
    assert told is not None and told.startswith(str(files[0]))


HEAD, ROWS = "event_id,user_id,kind\n", "".join(f"e{number},u{number},a\n" for number in range(60))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ((HEAD + ROWS + "e,u,0,40\n" + ROWS).encode(), ", line 62, event_id=e, user_id=u: has 4 cells where the header has 3: is a decimal comma"),
        ((HEAD + ROWS).encode("utf-16"), ", line 1: is no UTF-8 text but UTF-16; save it as UTF-8"),
        ((HEAD + ROWS).encode("utf-16-le"), ", line 1: has a byte 0, as no text has (is it UTF-16?); save it as UTF-8"),
        ((HEAD + ROWS + "e,J\u00fcrgen,a\n" + ROWS).encode("latin-1"), ", line 62: is no UTF-8 text (byte 0xfc); save it as UTF-8"),
        ((HEAD + ROWS).replace("\n", "\r\n").encode() + ROWS.encode(), ", line 62: ends in another way than line 1"),
        ((HEAD + ROWS + 'e,"u,a\n' + ROWS).encode(), ", line 62, event_id=e, user_id=u,a e0,u0,a"),
        ((HEAD + ROWS).replace(",", ";").encode(), ": the cells are separated by semicolons; save it with commas"),
        ((HEAD + ROWS).replace(",", "\t").encode(), ": the cells are separated by tabs; save it with commas"),
    ],
    ids=["ragged", "UTF-16", "UTF-16 without a mark", "Latin-1", "line ends", "open quote", "semicolons", "tabs"],
)
def test_a_csv_file_that_is_none_is_told_by_line_and_cause(project: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, words: str) -> None:
    monkeypatch.setenv("EMPATHY_ROI_RAW_LOCATION", "lake/{table}/*.csv")
    path = project / "lake" / "events" / "b.csv"
    path.parent.mkdir(parents=True)
    path.with_name("a.csv").write_text(HEAD + ROWS)
    path.write_bytes(content)
    told = broken_file(open_project(Flags(project_dir=str(project))), None)
    assert told is not None and told.startswith(f"{path}{words}") and "\n" not in told
    with pytest.raises(UserError) as error:
        loading._export(str(path), project / "copied.csv", {}, "text")
    assert str(error.value).startswith(f"{path}{words}")
