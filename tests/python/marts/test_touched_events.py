"""From which event on persons' events are built anew: worked out by hand, in the project's own journeys, of which the slowest waits 12 hours."""

from __future__ import annotations

from pathlib import Path

from builds import PROJECT, RAW_KEYS, Inputs, Row, build, content_of, differing, rows_of, write_csv

MARTS = ["fct_sessions", "fct_journey_attempts", "fct_step_attempts"]
SELECTED = ("--select", *(f"+{mart}" for mart in MARTS))

BEFORE = {  # person: when they opened a page, on which day of March
    "comes back": ["01 10:00", "01 10:05", "03 10:00", "03 10:01"],
    "came back after 11 hours": ["01 10:00", "01 21:00"],
    "came back after 12 hours": ["01 10:00", "01 22:00"],
    "came back a moment later": ["01 10:00", "01 22:00:00.000001"],
    "has a late row": ["01 10:00", "03 10:00", "06 10:00"],
    "has a late row at the start": ["01 10:00", "03 10:00"],
    "has a copy": ["01 10:00", "03 10:00", "05 10:00"],
    "is changed in place": ["01 10:00", "02 10:00", "03 12:00", "06 09:00"],
    "is named at last": ["01 10:00", "03 10:00"],
    "is left alone": ["01 10:00", "03 10:00"],
}
FROM_SEQ = {
    "u:comes back": 3,
    "u:came back after 11 hours": 1,
    "u:came back after 12 hours": 1,  # an attempt may go on after exactly its time
    "u:came back a moment later": 2,
    "u:has a late row": 2,
    "u:has a late row at the start": 1,  # it may come before the event that started the session
    "u:has a copy": 2,
    "u:is changed in place": 2,  # from where it was
    "u:is named at last": 1,
    "a:tablet": 1,
    "u:is new": 1,
}


def event(person: str, moment: str, page: str = "/cart", **cells: str) -> Row:
    at = f"2025-03-{moment}"
    return {
        "event_id": f"{person} {moment}", "event_name": "page_view", "page_path": page, "user_id": person, "anonymous_id": "",
        "occurred_at": at, "received_at": at,
    } | cells  # fmt: skip


def test_from_which_event_on(tmp_path: Path) -> None:
    rows = [event(person, moment) for person, moments in BEFORE.items() for moment in moments]
    rows.append(event("", "02 12:00", anonymous_id="tablet"))
    by_key = {row["event_id"]: row for row in rows}
    by_key["comes back 03 10:01"]["page_path"] = "/checkout/thank-you"
    by_key["is changed in place 03 12:00"]["received_at"] = "2025-03-06 09:10"
    raw = tmp_path / "raw" / "events.csv"
    write_csv(raw, rows)
    inputs = Inputs(PROJECT / "seeds", str(tmp_path / "raw" / "{table}.csv"), {"disabled_tables": [table for table in RAW_KEYS if table != "events"]})
    database = build(tmp_path / "built.duckdb", inputs, *SELECTED)
    assert rows_of(database, "select * from int_touched_events") == []

    by_key["is changed in place 03 12:00"]["occurred_at"] = "2025-03-06 09:05"
    write_csv(raw, [
        *rows,
        event("comes back", "05 10:00", page="/checkout/thank-you"),  # opened again: no attempt of its own
        event("comes back", "05 10:02"),
        event("came back after 11 hours", "05 10:00"),
        event("came back after 12 hours", "05 10:00"),
        event("came back a moment later", "05 10:00"),
        event("has a late row", "04 12:00", received_at="2025-03-07 08:00"),
        event("has a late row at the start", "03 10:00", event_id="a first one", received_at="2025-03-07 08:00"),
        event("has a copy", "05 10:00", occurred_at="2025-03-03 12:00", received_at="2025-03-05 09:59"),
        event("is named at last", "05 10:00", anonymous_id="tablet"),
        event("is new", "06 09:20"),  # lands in the hour of the row that was changed
    ])  # fmt: skip
    build(database, inputs, *SELECTED)
    found = rows_of(database, "select person_id, from_seq from int_touched_events inner join int_persons using (person_key)")
    assert {row["person_id"]: row["from_seq"] for row in found} == FROM_SEQ
    anew = build(tmp_path / "anew" / "built.duckdb", inputs, *SELECTED)
    assert differing(content_of(database, MARTS), content_of(anew, MARTS)) == {}

    attempts = "select count(*) as attempts from fct_journey_attempts where person_id = 'u:comes back'"
    assert rows_of(database, attempts) == [{"attempts": 3}]  # what began on the 1st, the 3rd and, with the cart, the 5th
