"""Neither the order of the raw rows nor copies of them nor the number of threads shows in any mart."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from builds import RAW_KEYS, Inputs, build, content_of, differing, marts_of, read_csv, rows_of, write_csv

COUNTS_ROWS = ["rejected_rows", "source_audit"]


@pytest.fixture(scope="module")
def doubled(inputs: Inputs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same rows, each twice, in another order, built by one thread."""
    folder, order = tmp_path_factory.mktemp("doubled"), random.Random(11)
    assert inputs.raw_location
    for table in RAW_KEYS:
        rows = read_csv(Path(inputs.raw_location.format(table=table))) * 2
        order.shuffle(rows)
        write_csv(folder / "raw" / f"{table}.csv", rows)
    return build(folder / "built.duckdb", replace(inputs, raw_location=str(folder / "raw" / "{table}.csv")), threads=1)


def test_every_mart_is_the_same_to_the_last_byte(built: Path, doubled: Path, inputs: Inputs) -> None:
    marts = marts_of(built, inputs)
    assert marts == marts_of(doubled, inputs) and len(marts) > 20
    same = [mart for mart in marts if mart not in COUNTS_ROWS]
    assert differing(content_of(built, same), content_of(doubled, same)) == {}


def test_the_audit_counts_each_copy(built: Path, doubled: Path) -> None:
    before, after = ({row["source_table"]: row for row in rows_of(database, "select * from source_audit")} for database in (built, doubled))
    assert before.keys() == after.keys() == RAW_KEYS.keys()
    for table, row in after.items():
        was = before[table]
        assert row["rows_in"] == 2 * was["rows_in"] > 0
        assert row["rows_rejected"] == 2 * was["rows_rejected"]
        assert row["rows_duplicate"] == 2 * was["rows_duplicate"] + was["rows_accepted"]
        assert [row[name] for name in ("rows_accepted", "rows_in_other_currency")] == [was[name] for name in ("rows_accepted", "rows_in_other_currency")]


def test_every_rejected_row_is_there_twice(built: Path, doubled: Path) -> None:
    before, after = (content_of(database, ["rejected_rows"])["rejected_rows"] for database in (built, doubled))
    assert before and after == sorted(before * 2)
