"""A small part of `make faults`: what fits into seconds."""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from pathlib import Path

import duckdb
import pytest
from faults import broken_rows, fuzz
from faults.hostile import HOSTILE, elements, hostile
from faults.reader import look
from faults.world import World
from handmade_warehouse import MARTS, marts, write_database, write_project

from python_stats import pipeline, report
from python_stats.analysis import Options
from python_stats.project import Flags, open_project
from python_stats.warehouse import open_warehouse

PROJECT = Path(__file__).resolve().parents[3]


def test_calls_of_all_kinds_end_with_a_code_and_a_message(analyzed: Path) -> None:
    counted, wrong = fuzz.command_line(analyzed, time.monotonic() + 2, first=random.randrange(10**6), at_once=20)
    assert counted >= 20
    assert not wrong


def test_the_fuzzer_sees_a_stack_and_a_strange_code(analyzed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ValueError("a stack")

    monkeypatch.setattr("python_stats.project.open_project", fails)
    _, wrong = fuzz.command_line(analyzed, time.monotonic() + 0.1, first=3, at_once=10)
    assert any("unexpected ValueError" in line for line in wrong)


def test_each_way_to_break_a_row_is_told_by_its_reason(tmp_path: Path) -> None:
    """Two of each of the 77 ways, all tables at once."""
    counts = broken_rows.write(tmp_path / "raw", 2 * len(broken_rows.kinds()))
    world = World(tmp_path, PROJECT / "seeds", {"EMPATHY_ROI_RAW_LOCATION": str(tmp_path / "raw" / "{table}.parquet")})
    done = world.run("--select", "+rejected_rows +source_audit", "--exclude-resource-type", "unit_test", "--exclude-resource-type", "test", command="build")
    assert done.code == 0, done.output
    with duckdb.connect(str(world.database), read_only=True) as connection:
        told = connection.execute("select source_table, reason, count(*) from rejected_rows group by 1, 2").fetchall()
        audit = connection.execute("select source_table, rows_in, rows_accepted, rows_duplicate, rows_rejected from source_audit").fetchall()
    assert {(table, reason): rows for table, reason, rows in told} == counts
    for table, rows_in, accepted, duplicate, rejected in audit:
        wanted = sum(rows for (name, _), rows in counts.items() if name == table)
        assert (rows_in, accepted, duplicate, rejected) == (wanted + 2, 1, 1, wanted)


def rendered(folder: Path, rename: bool) -> dict[str, str]:
    content = marts()
    texts = ("experiment_name", "owner_team", "hypothesis", "pain_point", "step_name", "experiment_id", "journey_id", "step_id", "variant_id")
    if rename:
        content = {mart: [{name: hostile(value) if name in texts and isinstance(value, str) else value for name, value in row.items()} for row in rows] for mart, rows in content.items()}
    assert set(content) == set(MARTS)
    write_database(write_project(folder) / "w.duckdb", content)
    with open_warehouse(open_project(Flags(project_dir=str(folder), profiles_dir=str(folder)))) as warehouse:
        pipeline.run(warehouse, Options())
        return report.render_site(warehouse, "EUR")


def test_hostile_names_are_text_on_every_page(tmp_path: Path) -> None:
    """Pages have the same elements, whatever things are called."""
    found = []
    for rename in (False, True):
        pages = rendered(tmp_path / str(rename), rename)
        kinds: Counter[str] = Counter()
        for number, (name, content) in enumerate(pages.items()):
            assert "/" not in name and name.endswith(".html")
            page = tmp_path / f"{number}.html"
            page.write_text(content, encoding="utf-8")
            kinds += elements(page)[0]
        found.append(kinds)
    assert found[0] == found[1]
    assert sum(found[0].values()) > 500


def test_the_comparison_sees_markup_that_comes_through(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<p>x</p>")
    before = elements(page)[0]
    page.write_text("<p>x <script>alert(1)</script></p>")
    assert elements(page)[0] != before
    assert any("<script>" in text for text in HOSTILE)


def test_the_reader_sees_what_is_missing_half_or_mixed(tmp_path: Path) -> None:
    folder = tmp_path / "000001-x"
    folder.mkdir()
    with duckdb.connect(str(folder / "empathy_roi.duckdb")) as connection:
        connection.execute("create table experiment_decisions as select 'run-a' as run_id")
        from python_stats.operations.publication import fingerprint

        count, checksum = fingerprint(connection, "experiment_decisions")
        connection.execute("create table publication as select '000001-x' as publication_id, 'experiment_decisions' as table_name, ? as row_count, ? as checksum", [count, checksum])
    (folder / "scorecard.html").write_text("of run-a")
    assert look(folder) is None
    (folder / "scorecard.html").write_text("of run-b")
    assert look(folder) == "000001-x: pages of another run"
    other = shutil.copytree(folder, tmp_path / "000002-x")
    assert look(other) == "000002-x: holds ['000001-x']"
    with duckdb.connect(str(folder / "empathy_roi.duckdb")) as connection:
        connection.execute("insert into experiment_decisions values ('run-a')")
    assert look(folder) == "000001-x: experiment_decisions does not fit its checksum"
    (folder / "empathy_roi.duckdb").unlink()
    assert "IOException" in str(look(folder))
