"""`require_analytics_consent`: who had not consented before the exposure is in no comparison, is counted, and nothing else changes."""

from __future__ import annotations

import re
import shutil
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import brute_force
import pytest
from brute_force import CELL, Compared, Study, differences, keyed
from builds import SEGMENTS, TIMEZONE, Inputs, Row, build, content_of, differing, marts_of, read_csv, rows_of, write_csv

FEELS_IT = ("experiment_", "int_", "cfg_")


def plant(raw: Path) -> None:
    """Consents to analytics for whoever is in an experiment: before it, withdrawn in the middle, given late, given at the very moment of it."""
    assignments, consents = read_csv(raw / "experiment_assignments.csv"), read_csv(raw / "consents.csv")
    moments = sorted(found.group() for row in assignments if (found := re.match(r"20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d", row["assigned_at"])))
    early, middle, late = "2020-01-01 00:00:00", moments[len(moments) // 2], moments[len(moments) * 4 // 5]

    def add(row: Row, moment: str, is_granted: str) -> None:
        consents.append({**dict.fromkeys(consents[0], ""), "consent_id": f"planted-{len(consents)}", "user_id": row["user_id"],
                         "anonymous_id": "" if row["user_id"] else row["anonymous_id"],  # who is who stays as it is
                         "purpose": "analytics", "is_granted": is_granted, "occurred_at": moment, "received_at": moment})  # fmt: skip

    for number, row in enumerate(assignments):
        for moment, is_granted in (
            [(early, "true")], [(early, "true"), (middle, "false")], [(late, "true")], [(early, "false"), (early, "true")], [(row["assigned_at"], "true")], [],
        )[number % 6]:  # fmt: skip
            add(row, moment, is_granted)
    write_csv(raw / "consents.csv", consents)


@pytest.fixture(scope="module")
def consented(inputs: Inputs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("consent")
    assert inputs.raw_location
    raw = Path(shutil.copytree(Path(inputs.raw_location).parent, folder / "raw"))
    plant(raw)
    asked = replace(inputs, raw_location=str(raw / "{table}.csv"), variables={**inputs.variables, "require_analytics_consent": True})
    return build(folder / "built.duckdb", asked, threads=4)


@pytest.fixture(scope="module")
def may(consented: Path) -> Callable[[str, int], bool]:
    """Had this person agreed to be analysed before that moment? By plain loops over their consents."""
    owners = {row["anonymous_id"]: row["person_id"] for row in rows_of(consented, "select * from person_identities")}
    consents: dict[str, list[tuple[int, str, bool]]] = defaultdict(list)
    for row in rows_of(consented, "select *, epoch_us(occurred_at) as moment from stg_consents where purpose = 'analytics'"):
        person = "u:" + row["user_id"] if row["user_id"] is not None else owners[row["anonymous_id"]]
        consents[person].append((row["moment"], row["consent_id"], row["is_granted"]))

    def answer(person_id: str, moment: int) -> bool:
        before = [consent for consent in consents[person_id] if consent[0] < moment]
        return bool(before) and max(before)[2]

    return answer


@pytest.fixture(scope="module")
def study(built: Path, may: Callable[[str, int], bool]) -> Study:
    """What is known of the persons that may be compared."""
    whole = brute_force.study_of(built, TIMEZONE, SEGMENTS)
    persons: dict[str, list[Compared]] = defaultdict(list)
    for name, known in whole.persons.items():
        persons[name] = [person for person in known if may(person.person_id, person.exposed)]
    kept, all_of_them = (sum(map(len, found.values())) for found in (persons, whole.persons))
    assert 20 < kept < all_of_them - 20
    return replace(whole, persons=persons)


def test_the_statistics_are_those_of_the_consenting_persons_one_by_one(consented: Path, study: Study) -> None:
    found = keyed(rows_of(consented, "select * from experiment_metric_stats"), (*CELL, "segment"))
    assert not differences(found, brute_force.metric_stats(study))


def test_who_is_left_out_is_counted(consented: Path, built: Path, study: Study) -> None:
    rows = rows_of(consented, "select * from experiment_traffic where expected_share is not null")
    kept = {(name, row["variant_id"]): 0 for name in study.persons for row in rows}
    for name, persons in study.persons.items():
        for person in persons:
            kept[name, person.variant_id] += 1
    assert rows
    for row in rows:
        assert row["exposed"] - row["contaminated"] - row["without_consent"] == kept[row["experiment_id"], row["variant_id"]]
    before = rows_of(built, "select * exclude (without_consent) from experiment_traffic order by all")
    assert before == rows_of(consented, "select * exclude (without_consent) from experiment_traffic order by all")  # the split is everybody's
    assert not rows_of(built, "select * from experiment_traffic where without_consent > 0")


def test_nothing_but_experiments_changes(consented: Path, built: Path, inputs: Inputs) -> None:
    more_came_in = ("source_audit", "rejected_rows")
    marts = [mart for mart in marts_of(built, inputs) if not mart.startswith(FEELS_IT) and mart not in more_came_in]
    assert {"fct_exposures", "friction_step_daily", "metric_weekly"} <= set(marts)
    assert differing(content_of(built, marts), content_of(consented, marts)) == {}


def test_a_baseline_is_of_those_who_would_take_part(consented: Path, built: Path, may: Callable[[str, int], bool]) -> None:
    query = "select experiment_id, person_id, exposed_us from int_baseline_persons order by all"
    before = rows_of(built, query)
    after = [row for row in before if may(row["person_id"], row["exposed_us"])]
    assert 0 < len(after) < len(before)
    assert rows_of(consented, query) == after
