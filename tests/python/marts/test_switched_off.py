"""Raw tables that a user does not have are switched off: everything builds, and what they alone would fill is empty.

Each table alone, and one half of them, take builds of their own that are left to EMPATHY_ROI_ALL_TESTS=1; by default the other half.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from builds import RAW_KEYS, Inputs, build, marts_of, rows_of, slow

FILLS = {
    "events": ["fct_sessions", "fct_journey_attempts", "fct_step_attempts", "friction_step_daily", "friction_journey_daily", "friction_step_summary", "friction_journey_summary"],
    "message_events": ["fct_messages", "messaging_campaign_daily", "messaging_summary"],
    "ticket_events": ["fct_tickets", "handover_daily", "handover_life_table", "handover_summary", "handover_survival", "experiment_life_tables"],
    "survey_responses": ["fct_survey_responses", "survey_summary"],
    "transactions": ["fct_transactions"],
    "experiment_assignments": ["fct_exposures", "experiment_life_tables"],
    "consents": [],
    "users": [],
}
HALF = ["survey_responses", "transactions", "consents", "users"]
MORE = [["events", "message_events", "ticket_events", "experiment_assignments"], *([table] for table in RAW_KEYS)]


def build_without(tables: list[str], inputs: Inputs, folder: Path) -> Path:
    """Build with raw files of the other tables alone."""
    assert inputs.raw_location
    (folder / "raw").mkdir()
    for table in RAW_KEYS.keys() - set(tables):
        (folder / "raw" / f"{table}.csv").symlink_to(inputs.raw_location.format(table=table))
    return build(folder / "built.duckdb", replace(
        inputs, raw_location=str(folder / "raw" / "{table}.csv"), variables=inputs.variables | {"disabled_tables": tables}))


def counts(database: Path, marts: list[str]) -> dict[str, int]:
    return {mart: rows_of(database, f"select count(*) as n from {mart}")[0]["n"] for mart in marts}


@pytest.mark.parametrize("tables", [HALF, *(pytest.param(tables, marks=slow) for tables in MORE)], ids="+".join)
def test_without_some_tables(tables: list[str], built: Path, inputs: Inputs, tmp_path: Path) -> None:
    without = build_without(tables, inputs, tmp_path)
    before, after = counts(built, marts_of(built, inputs)), counts(without, marts_of(without, inputs))
    assert before.keys() == after.keys()
    for table, marts in FILLS.items():
        for mart in marts:
            assert before[mart] > 0
            if table in tables:
                assert after[mart] == 0, mart
    for mart in ("fct_sessions", "fct_messages", "fct_tickets", "fct_survey_responses", "fct_transactions"):
        if not any(mart in FILLS[table] for table in tables):
            assert after[mart] == before[mart], mart
    audit = {row["source_table"]: row["rows_in"] for row in rows_of(without, "select * from source_audit")}
    assert {table for table, rows in audit.items() if rows == 0} == set(tables)
    if "consents" in tables:
        assert not rows_of(without, "select * from fct_messages where had_consent is not null")
    if "users" in tables:
        assert {row["segment"] for row in rows_of(without, "select distinct segment from experiment_metric_stats")} <= {"all"}


@slow
def test_without_any_table(built: Path, inputs: Inputs, tmp_path: Path) -> None:
    empty = build_without(list(RAW_KEYS), inputs, tmp_path)
    assert marts_of(empty, inputs) == marts_of(built, inputs)
    from_seeds = {  # what is declared is there, with nothing counted
        "source_audit": "rows_in", "friction_cost": "entries", "experiment_traffic": "exposed",
        "experiment_metric_stats": "persons", "experiment_metric_stats_daily": "persons", "experiment_traffic_daily": "exposed",
    }  # fmt: skip
    facts = {mart for marts in FILLS.values() for mart in marts} | {"person_identities", "rejected_rows", "handover_daily"}
    assert set(counts(empty, sorted(facts)).values()) == {0}
    for mart, figure in from_seeds.items():
        assert {row["n"] or 0 for row in rows_of(empty, f"select sum({figure}) as n from {mart}")} == {0}
    assert counts(empty, ["source_audit"]) == {"source_audit": 8}
    assert counts(empty, ["experiment_traffic"])["experiment_traffic"] == len(rows_of(empty, "select * from cfg_experiment_variants"))
