"""`pseudonymize`: no id of a person is left in the database, no key anywhere, and every aggregate is what it is without."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from builds import RAW_KEYS, Inputs, content_of, differing, marts_of, read_csv, rows_of, run_dbt

from python_stats.privacy import keys

KEY = "a key of this test's own, long enough to be one"
PERSON_LEVEL = {"person_identities", "fct_exposures", "fct_messages", "fct_person_days", "fct_journey_attempts", "fct_step_attempts",
                "fct_sessions", "fct_survey_responses", "fct_tickets", "fct_transactions", "rejected_rows"}  # fmt: skip
NOT_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")


@pytest.fixture(scope="module")
def pseudonymized(inputs: Inputs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    database = tmp_path_factory.mktemp("pseudonyms") / "built.duckdb"
    asked = replace(inputs, variables={**inputs.variables, "pseudonymize": True})
    built = run_dbt("build", database, asked, *NOT_TESTS, "--log-level-file", "debug", artifacts=True, EMPATHY_ROI_PSEUDONYM_KEY=KEY)
    assert built.returncode == 0, built.stdout + built.stderr
    return database


@pytest.fixture(scope="module")
def ids(inputs: Inputs) -> set[str]:
    """Every id of a person in the raw rows, agents included, but those that stand in other columns as well."""
    assert inputs.raw_location
    found, others = set(), set()
    for table in RAW_KEYS:
        for row in read_csv(Path(inputs.raw_location.format(table=table))):
            for name, value in row.items():
                (found if name in ("user_id", "anonymous_id", "agent_id") else others).add(value)
    return {text for text in found - others if len(text) > 2}


def texts_of(database: Path) -> set[str]:
    """Every text in the database, and every word in it that could be an id."""
    found: set[str] = set()
    with duckdb.connect(str(database), read_only=True) as connection:
        columns = connection.execute("select schema_name, table_name, column_name from duckdb_columns() where data_type = 'VARCHAR' and not internal").fetchall()
        for schema, table, column in columns:
            for (text,) in connection.execute(f'select distinct "{column}" from "{schema}"."{table}" where "{column}" is not null').fetchall():
                found |= {text, *re.split(r'["\s,]+', text), text[2:]}
    return found


def test_no_id_of_a_person_is_left(built: Path, pseudonymized: Path, ids: set[str]) -> None:
    assert len(ids) > 200
    assert len(ids & texts_of(built)) > 200  # the search finds them where they are
    assert ids & texts_of(pseudonymized) == set()


def test_every_aggregate_is_what_it_is_without(built: Path, pseudonymized: Path, inputs: Inputs) -> None:
    marts = [mart for mart in marts_of(built, inputs) if mart not in PERSON_LEVEL]
    assert len(marts) > 25
    assert differing(content_of(built, marts), content_of(pseudonymized, marts)) == {}
    rows = {mart: len(content_of(built, [mart])[mart]) for mart in PERSON_LEVEL}
    assert rows == {mart: len(content_of(pseudonymized, [mart])[mart]) for mart in PERSON_LEVEL}


def test_a_pseudonym_is_the_keyed_hash_of_the_id(built: Path, pseudonymized: Path) -> None:
    key = keys.connection_keys({keys.PSEUDONYM_KEY: KEY})["pseudonym"]
    plain = {row["user_id"] for row in rows_of(built, "select distinct user_id from int_checked_events where user_id is not null")}
    hashed = {row["user_id"] for row in rows_of(pseudonymized, "select distinct user_id from int_checked_events where user_id is not null")}
    assert hashed == {keys.keyed_hash(key, user_id) for user_id in plain}


def test_a_rejected_row_keeps_its_reason_and_shows_the_pseudonym(built: Path, pseudonymized: Path) -> None:
    query = "select source_table, row_id, reason, payload from rejected_rows where source_table = 'ticket_events' order by all"
    key = keys.connection_keys({keys.PSEUDONYM_KEY: KEY})["pseudonym"]
    was = {(row["row_id"], row["reason"]): json.loads(row["payload"]) for row in rows_of(built, query)}
    now = {(row["row_id"], row["reason"]): json.loads(row["payload"]) for row in rows_of(pseudonymized, query)}
    assert was
    for place, payload in was.items():
        del payload["vendor_extra"]  # nobody knows what stands in a column beyond the contract
        for name in ("user_id", "anonymous_id", "agent_id"):
            payload[name] = keys.keyed_hash(key, payload[name]) if payload.get(name) else None
        assert now[place] == payload


def test_the_key_is_in_no_file(pseudonymized: Path) -> None:
    secrets = [KEY, *keys.connection_keys({keys.PSEUDONYM_KEY: KEY}).values()]
    files = [path for path in pseudonymized.parent.rglob("*") if path.is_file()]
    assert {"manifest.json", "dbt.log", "run_results.json", "int_checked_events.sql", "built.duckdb"} <= {path.name for path in files}
    for path in files:
        content = path.read_bytes()
        assert not [secret for secret in secrets if secret.encode() in content], path


def test_nothing_is_built_without_a_key_or_in_two_forms(pseudonymized: Path, inputs: Inputs) -> None:
    asked = replace(inputs, variables={**inputs.variables, "pseudonymize": True})
    before = pseudonymized.read_bytes()
    for environment, variables, words in (
        ({}, asked, "EMPATHY_ROI_PSEUDONYM_KEY is missing or too short"),
        ({"EMPATHY_ROI_PSEUDONYM_KEY": "too short"}, asked, "EMPATHY_ROI_PSEUDONYM_KEY is missing or too short"),
        ({"EMPATHY_ROI_PSEUDONYM_KEY": KEY + "!"}, asked, "the key of EMPATHY_ROI_PSEUDONYM_KEY is another"),
        ({}, inputs, "variable 'pseudonymize' was switched"),
        ({}, replace(inputs, variables={"pseudonymize": "yes, please"}), """variable 'pseudonymize' is "yes, please" (write true or false)"""),
    ):
        done = run_dbt("build", pseudonymized, variables, *NOT_TESTS, "--select", "+as_of", **environment)
        assert done.returncode == 2
        assert words in done.stdout + done.stderr
    assert content_of(pseudonymized, ["int_builds"])  # it opens
    assert pseudonymized.read_bytes() == before
