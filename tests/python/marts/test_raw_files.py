"""Raw Parquet files that come, change, go or get another name: an increment reads what it must, and ends where a full refresh ends."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from builds import RAW_KEYS, Inputs, build, rows_of, slow
from clean_rows import clean_rows, write_folders

CHECKED = "select * exclude (run_no) from int_checked_events order by all"


def write(path: Path, query: str, source: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"create table rows as {query}", [str(source)])  # first, since the source may be the file itself
        connection.table("rows").write_parquet(str(path))


def test_files_that_come_change_and_go(built: Path, inputs: Inputs, tmp_path: Path) -> None:
    write_folders(clean_rows(built), tmp_path / "raw", as_text=False)
    now = replace(inputs, raw_location=str(tmp_path / "raw" / "{table}"))
    events = tmp_path / "raw" / "events"
    database = tmp_path / "built.duckdb"

    def built_by_files() -> bool:
        """Build; has the increment read the files that came, rather than landing hours?"""
        build(database, now, "--select", "+int_checked_events")
        compiled = Path(f"{database.with_suffix('')}-target") / "compiled" / "empathy_roi" / "models" / "staging" / "int_checked_events.sql"
        return "file_of_row" in compiled.read_text(encoding="utf-8")

    def ends_as_in_full(number: int) -> bool:
        anew = build(tmp_path / f"anew-{number}" / "built.duckdb", now, "--select", "+int_checked_events")
        return rows_of(database, CHECKED) == rows_of(anew, CHECKED)

    later = (events / "part-1.parquet").rename(tmp_path / "part-1.parquet")
    assert not built_by_files()  # the first build reads everything
    later.rename(events / "later [2].parquet")
    write(events / "nothing that day.parquet", "select * from read_parquet(?) limit 0", events / "part-0.parquet")
    assert built_by_files()

    # copies of rows of the first file that were received before them, in a file without one of the columns
    write(events / "third.parquet", "select * exclude (properties) replace (received_at - interval 1 second as received_at) from read_parquet(?) limit 5",
          events / "part-0.parquet")  # fmt: skip
    assert built_by_files()
    assert rows_of(database, "select count(*) as copies from int_checked_events where copy_number = 2") == [{"copies": 5}]
    assert ends_as_in_full(1)

    write(events / "third.parquet", "select * replace (loaded_at - interval 2 hours as loaded_at) from read_parquet(?)", events / "third.parquet")
    assert not built_by_files()
    assert ends_as_in_full(2)

    (events / "part-0.parquet").rename(events / "of another name.parquet")
    (events / "third.parquet").unlink()
    assert not built_by_files()
    assert ends_as_in_full(3)


def test_rows_without_a_key_stay_where_files_come(built: Path, inputs: Inputs, tmp_path: Path) -> None:
    write_folders(clean_rows(built), tmp_path / "raw", as_text=False)
    now = replace(inputs, raw_location=str(tmp_path / "raw" / "{table}"))
    events = tmp_path / "raw" / "events"
    database = tmp_path / "built.duckdb"
    counts = "select rows_in, rows_rejected from source_audit where source_table = 'events'"
    rejected = "select count(*) as rows from rejected_rows where source_table = 'events' and row_id is null and reason = 'missing_event_id'"
    for number, without_key in enumerate((2, 3)):
        write(events / f"without-{number}.parquet", f"select * replace (cast(null as varchar) as event_id) from read_parquet(?) limit {without_key}", events / "part-0.parquet")
        build(database, now, "--select", "+source_audit", "+rejected_rows")
    assert rows_of(database, rejected) == [{"rows": 5}]
    assert [row["rows_rejected"] for row in rows_of(database, counts)] == [5]
    assert rows_of(database, "select run_no, count(*) as rows from int_checked_events where event_id = '' group by run_no order by run_no") == [
        {"run_no": 1, "rows": 2}, {"run_no": 2, "rows": 3},
    ]  # fmt: skip
    anew = build(tmp_path / "anew" / "built.duckdb", now, "--select", "+source_audit", "+rejected_rows")
    assert rows_of(database, CHECKED) == rows_of(anew, CHECKED)


@pytest.mark.parametrize("form", [pytest.param("parquet", marks=slow), "csv"])
def test_rows_that_are_changed_where_they_are_are_read_again(form: str, built: Path, inputs: Inputs, tmp_path: Path) -> None:
    """An export that was mended: the same rows at the same times, with other cells. Where only the file changed, nothing is read."""
    folder, file = tmp_path / "raw" / "events", "part-0.parquet"
    if form == "csv":
        file = "events.csv"
        folder = tmp_path / "raw"
        folder.mkdir()
        with clean_rows(built) as connection:
            for table in RAW_KEYS:
                connection.execute(f"copy clean_{table} to '{folder / table}.csv' (header)")
    else:
        write_folders(clean_rows(built), tmp_path / "raw", as_text=False)
    now = replace(inputs, raw_location=str(tmp_path / "raw" / ("{table}.csv" if form == "csv" else "{table}")))
    database = tmp_path / "built.duckdb"

    def rewrite(query: str) -> None:
        with duckdb.connect() as connection:
            reader = "read_csv(?, all_varchar = true)" if form == "csv" else "read_parquet(?)"
            connection.execute(f"create table rows as {query.format(reader)}", [str(folder / file)])
            connection.execute(f"copy rows to '{folder / file}' (format {form})")

    def is_full() -> bool:
        build(database, now, "--select", "+int_checked_events")
        return rows_of(database, "select is_full from int_builds where model_name = 'int_checked_events' order by run_no desc limit 1")[0]["is_full"]

    assert is_full()
    rewrite("select * from {} order by event_id desc")  # another file, the same rows
    assert not is_full()
    rewrite("select * replace (case when page_path = '/cart' then '/basket' else page_path end as page_path) from {}")
    assert is_full()
    assert rows_of(database, "select count(*) > 0 as is_read from int_checked_events where page_path = '/basket'") == [{"is_read": True}]
