"""What `empathy-roi load` writes for types that the target may not have."""

from __future__ import annotations

from pathlib import Path

import duckdb

from python_stats.loading import _TYPES, _export


def test_structs_and_maps_go_as_json_and_nanoseconds_as_text(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        connection.sql(
            "select {'device': 'tablet', 'more': [1]} as properties, map {'k': 'v'} as pairs, ['a'] as labels, cast('2025-03-01 10:00:00.123456789' as timestamp_ns) as moment"
        ).write_parquet(str(tmp_path / "events.parquet"))
        found = _export(str(tmp_path / "events.parquet"), tmp_path / "events.csv", _TYPES, "text")
        rows = connection.execute("select * from read_csv(?, all_varchar = true, header = true)", [str(tmp_path / "events.csv")]).fetchall()
    assert found == (dict.fromkeys(("properties", "pairs", "labels", "moment"), "text"), 1)
    assert rows == [('{"device":"tablet","more":[1]}', '{"k":"v"}', '["a"]', "2025-03-01 10:00:00.123456789")]
