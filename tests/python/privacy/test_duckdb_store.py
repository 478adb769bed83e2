"""A database that is copied into a new file stays what it was: its rows, and the format that its readers know."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from python_stats.privacy import duckdb_store
from python_stats.privacy.persons import rows_with
from python_stats.project import Flags, open_project


@pytest.mark.parametrize("version", ["v1.0.0", "v1.4.0"])
def test_copy_keeps_rows_and_format(tmp_path: Path, version: str) -> None:
    database = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(database), config={"storage_compatibility_version": version}) as connection:
        connection.execute("create table persons as select range as person_key from range(10)")
        connection.execute("delete from persons where person_key = 3")

    duckdb_store.rewrite(database)

    with duckdb.connect(str(database), read_only=True) as connection:
        assert connection.execute("select count(*), sum(person_key) from persons").fetchone() == (9, 42)
        told = connection.execute("select tags['storage_version'] from duckdb_databases() where database_name = 'warehouse'").fetchone()
    assert told is not None
    assert told[0].startswith(version)


def test_ids_that_are_floats_are_those_of_the_models(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMPATHY_ROI_RAW_LOCATION", "lake/{table}.parquet")
    (project / "lake").mkdir()
    with duckdb.connect() as connection:
        connection.sql("select unnest(['25', 'nan', '2.5', null]::double[]) as user_id").write_parquet(str(project / "lake" / "events.parquet"))

        def ask(query: str, *values: Any) -> list[tuple[Any, ...]]:
            return connection.execute(query, list(values)).fetchall()

        raw = duckdb_store.DuckDBStore(open_project(Flags(project_dir=str(project))), "a key that is long enough to be a key", project).raw_tables(ask)
        assert ask(f"select user_id from {raw['events'].relation}") == [("25",), (None,), ("2.5",), (None,)]
        assert rows_with(ask, raw, {"u:25"})["events"]["rows"] == 1
