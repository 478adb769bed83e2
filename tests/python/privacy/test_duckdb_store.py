"""A database that is copied into a new file stays what it was: its rows, and the format that its readers know."""

from pathlib import Path

import duckdb
import pytest

from python_stats.privacy import duckdb_store


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
