"""No model knows its engine: what one engine alone understands stands in a dispatched macro, with a variant for each."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
SQL = sorted(path for folder in ("models", "tests/data", "analysis") for path in (PROJECT / folder).rglob("*.sql"))
MACROS = sorted((PROJECT / "macros").rglob("*.sql"))

# Functions of DuckDB that Postgres or Spark does not have, or spells or rounds otherwise.
FUNCTIONS = (
    "arg_max arg_min max_by min_by any_value approx_count_distinct approx_quantile median mode quantile quantile_cont quantile_disc "
    "count_if countif date_diff date_part date_sub datediff dateadd date_trunc datepart dayofweek epoch epoch_ms epoch_us epoch_ns "
    "isodow make_date make_time make_timestamp strftime strptime try_strptime to_timestamp timezone unix_micros "
    "from_json json json_extract json_extract_string json_object json_valid json_build_object to_json get_json_object "
    "list list_value list_filter list_sort list_transform list_aggregate unnest generate_series range array_agg string_agg listagg group_concat "
    "struct_pack row_to_json map hash md5 md5_number contains starts_with ends_with prefix suffix regexp_extract regexp_full_match "
    "regexp_matches regexp_replace string_split str_split split_part strpos instr len printf format ifnull nvl nvl2 iff if try_cast "
    "try isfinite isnan isinf least_common_multiple percentile_cont percentile_disc read_csv read_parquet glob log log2 fdiv bool_or bool_and"
).split()
CONSTRUCTS = {
    "a cast with ::": r"::",
    "qualify": r"\bqualify\b",
    "distinct on": r"\bdistinct\s+on\b",
    "group by all": r"\bgroup\s+by\s+all\b",
    "order by all": r"\border\s+by\s+all\b",
    "* exclude or replace": r"\*\s*(exclude|replace)\b",
    "asof join": r"\basof\b",
    "a named window": r"\bwindow\s+\w+\s+as\s*\(",
    "groups frame": r"\bgroups\s+between\b",
    "an aggregate with filter": r"\)\s*filter\s*\(",
    "ilike or glob": r"\b(ilike|glob|similar\s+to)\b",
    "integer division //": r"//",
    "a power with ^ or **": r"\^|\*\*",
    "a pivot": r"\b(pivot|unpivot)\b",
    "semi or anti join": r"\b(semi|anti)\s+join\b",
    "a type that one engine has": r"\bas\s+(double|hugeint|ubigint|varchar\[\]|tinyint|float8?|numeric|decimal|jsonb?)\b",
    "a table of values": r"\bfrom\s*\(\s*values\b",
}
RULES = {f"{name}()": rf"(?<![\w.]){name}\s*\(" for name in FUNCTIONS} | CONSTRUCTS


def plain(text: str) -> str:
    """The SQL alone: without Jinja, comments and quoted text."""
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}", " ", text, flags=re.S)
    text = re.sub(r"\{\{.*?\}\}", " jinja ", text, flags=re.S)
    text = re.sub(r"--[^\n]*", " ", text)
    return re.sub(r"'(?:[^']|'')*'", "''", text).lower()


def offences(text: str) -> list[str]:
    return [name for name, pattern in RULES.items() if re.search(pattern, plain(text))]


def test_there_is_something_to_look_at() -> None:
    assert len(SQL) > 100


@pytest.mark.parametrize("path", SQL, ids=lambda path: path.stem)
def test_no_engine_shows_in_a_model(path: Path) -> None:
    assert offences(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("sql", "offence"),
    [
        ("select epoch_us(a) from b", "epoch_us()"),
        ("select a::bigint from b", "a cast with ::"),
        ("select {{ x('epoch_us(a)') }}, 'epoch_us(a)' -- epoch_us(a)\nfrom b", None),
        ("select * exclude (a) from b", "* exclude or replace"),
        ("select count(*) filter (where a) from b", "an aggregate with filter"),
        ("select cast(a as double) from b", "a type that one engine has"),
        ("select cast(a as double precision), b.map from c", "a type that one engine has"),
    ],
)
def test_the_guard_sees_it(sql: str, offence: str | None) -> None:
    assert offences(sql) == ([offence] if offence else [])


def test_every_dispatched_macro_has_a_variant_for_each_engine() -> None:
    """Its own, or the default's; a macro with a variant for DuckDB alone has none for the others."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in MACROS)
    defined = set(re.findall(r"\{%-?\s*macro\s+(\w+)\(", text))
    dispatched = set(re.findall(r"adapter\.dispatch\('(\w+)', 'empathy_roi'\)", text))
    assert len(dispatched) > 10
    for name in dispatched:
        for engine in ("duckdb", "postgres", "spark"):
            assert {f"default__{name}", f"{engine}__{name}"} & defined, f"{name} has no variant for {engine}"
