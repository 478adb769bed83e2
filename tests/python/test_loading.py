"""What `empathy-roi load` writes for types that the target may not have."""

from __future__ import annotations

from pathlib import Path

import duckdb
import jinja2
import yaml
from marts.builds import RAW_KEYS

from python_stats.loading import _TYPES, RAW_TABLES, _export

PROJECT = Path(__file__).resolve().parents[2]


def test_the_raw_tables_are_those_of_the_contract_and_the_sources() -> None:
    said: list[dict[str, dict[str, list[dict[str, str]]]]] = []
    source = (PROJECT / "macros" / "staging" / "raw_contract.sql").read_text("utf-8")
    jinja2.Environment(autoescape=False).from_string(source, {"return": said.append}).module.raw_contract()  # type: ignore[attr-defined]
    assert tuple(said[0]) == RAW_TABLES
    (raw,) = yaml.safe_load((PROJECT / "models" / "staging" / "_sources.yml").read_text("utf-8"))["sources"]
    assert tuple(table["name"] for table in raw["tables"]) == RAW_TABLES
    assert {table: each["columns"][0]["name"] for table, each in said[0].items()} == RAW_KEYS  # what the tests of the marts plant rows by


def test_structs_and_maps_go_as_json_and_nanoseconds_as_text(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        connection.sql(
            "select {'device': 'tablet', 'more': [1]} as properties, map {'k': 'v'} as pairs, ['a'] as labels, cast('2025-03-01 10:00:00.123456789' as timestamp_ns) as moment"
        ).write_parquet(str(tmp_path / "events.parquet"))
        found = _export(str(tmp_path / "events.parquet"), tmp_path / "events.csv", _TYPES, "text")
        rows = connection.execute("select * from read_csv(?, all_varchar = true, header = true)", [str(tmp_path / "events.csv")]).fetchall()
    assert found == (dict.fromkeys(("properties", "pairs", "labels", "moment"), "text"), 1)
    assert rows == [('{"device":"tablet","more":[1]}', '{"k":"v"}', '["a"]', "2025-03-01 10:00:00.123456789")]
