"""What is public is about nobody in particular, and says what counts its rows: read from the YAML beside the models."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from python_stats import public_tables
from python_stats.tables import TABLES

PROJECT = Path(__file__).resolve().parents[3]
ABOUT_ONE = {"person_id", "person_key", "user_id", "anonymous_id", "agent_id", "ticket_id", "message_id", "attempt_id", "event_id", "session_id", "response_id",
             "transaction_id", "assignment_id", "row_id", "payload"}  # fmt: skip


def models() -> list[dict[str, Any]]:
    found = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted((PROJECT / "models").rglob("*.yml"))]
    return [model for content in found for model in content.get("models", [])]


def public() -> list[dict[str, Any]]:
    return [model for model in models() if model.get("config", {}).get("access") == "public"]


def test_no_public_mart_has_a_column_about_one_person_or_case() -> None:
    assert len(public()) > 25
    assert {model["name"]: found for model in public() if (found := ABOUT_ONE & {column["name"] for column in model["columns"]})} == {}
    protected = [model for model in models() if model.get("config", {}).get("access") == "protected"]
    assert all(ABOUT_ONE & {column["name"] for column in model["columns"]} for model in protected)


@pytest.mark.parametrize("model", public(), ids=lambda model: model["name"])
def test_a_public_mart_says_what_counts_its_rows(model: dict[str, Any]) -> None:
    said = model["config"]["meta"]["small_cells"]
    if "none" in said:
        assert len(said["none"]) > 3
        return
    columns = {column["name"] for column in model["columns"]}
    assert set(said["count"]) <= columns
    groupings = [grouping if isinstance(grouping, list) else [grouping] for grouping in said.get("within", [])]
    for expression in (expression for grouping in groupings for expression in grouping):
        assert set(re.findall(r"[a-z_]+", re.sub(r"'[^']*'", "", expression))) - {"split_part", "date_trunc"} <= columns, expression


def test_published_are_the_public_ones_and_persons_only_where_asked(tmp_path: Path) -> None:
    nodes = {
        name: {"alias": name, "resource_type": "model", "access": access, "config": {"materialized": "table"}}
        for name, access in {"friction_step_daily": "public", "fct_tickets": "protected", "int_persons": "private"}.items()
    }
    (tmp_path / "manifest.json").write_text(json.dumps({"nodes": nodes}))
    assert set(public_tables.published(tmp_path / "manifest.json", include_persons=False)) == {"friction_step_daily", *TABLES}
    assert set(public_tables.published(tmp_path / "manifest.json", include_persons=True)) == {"friction_step_daily", "fct_tickets", *TABLES}
