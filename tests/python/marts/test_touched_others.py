"""Which messages and tickets of touched persons are built anew: worked out by hand. Those that look at what changed, and no older ones."""

from __future__ import annotations

from pathlib import Path

from builds import PROJECT, Inputs, Row, build, content_of, differing, rows_of, slow, write_csv

MARTS = ["fct_messages", "fct_tickets", "fct_journey_attempts"]
SELECTED = ("--select", *(f"+{mart}" for mart in MARTS))
SWITCHED_OFF = ["events", "experiment_assignments"]

SENT = ["03-01", "04-01", "04-10", "04-28", "05-01"]  # each at 10:00, delivered a minute later
TICKETS = {"03-01": "03-02", "04-28": "04-29", "05-01": None}  # opened, resolved
FIRST_TOUCHED = {  # the first of their messages, and of their tickets, that is built anew
    "opens a ticket on 2 May": ("04-28", "04-28"),  # messages and resolved tickets look 7 days ahead
    "buys on 2 May": ("04-10", "04-28"),  # messages and tickets look 30 days ahead
    "bought on 1 May at 10:01": ("04-01", "04-28"),  # 30 days to the minute after the message of 1 April
    "granted on 20 April": ("04-28", "04-28"),  # and is told so late
    "gets a message on 2 May": (None, None),
    "did not get that of 10 April": ("04-10", "04-28"),  # which is told on the 12th
    "becomes a user": ("03-01", "03-01"),
    "is named at last": ("03-01", "03-01"),
    "is left alone": (None, None),
}
PERSONS = list(FIRST_TOUCHED)


def row(table: str, key: str, person: str, moment: str, **cells: str) -> Row:
    names = {
        "message_events": ("event_id", "message_id", "campaign_id", "channel", "event_type", "is_machine"),
        "ticket_events": ("event_id", "ticket_id", "event_type", "channel", "agent_id"),
        "transactions": ("transaction_id", "transaction_type", "amount", "currency"),
        "consents": ("consent_id", "purpose", "is_granted"),
        "survey_responses": ("response_id", "survey_type", "score", "answer", "subject_type", "subject_id"),
    }[table]
    who = {"user_id": "", "anonymous_id": person} if person in ("is named at last", "becomes a user") else {"user_id": person, "anonymous_id": ""}
    at = f"2025-{moment}"
    return dict.fromkeys(names, "") | {names[0]: key} | who | {"occurred_at": at, "received_at": at} | cells


def message(person: str, sent: str, kind: str, moment: str, **cells: str) -> Row:
    return row("message_events", f"{person} {sent} {kind}", person, moment, message_id=f"{person}: {sent}", campaign_id="spring_menu", channel="email", event_type=kind, **cells)


def ticket(person: str, opened: str, kind: str, moment: str) -> Row:
    return row("ticket_events", f"{person} {opened} {kind}", person, moment, ticket_id=f"{person}: {opened}", event_type=kind, channel="chat")


@slow
def test_messages_and_tickets_that_look_at_what_changed(tmp_path: Path) -> None:
    before: dict[str, list[Row]] = {
        "message_events": [message(person, day, "sent", f"{day} 10:00") for person in PERSONS for day in SENT]
        + [message(person, day, "delivered", f"{day} 10:01") for person in PERSONS for day in SENT if person != "did not get that of 10 April"],
        "ticket_events": [
            ticket(person, opened, kind, f"{day} 12:00")
            for person in PERSONS for opened, resolved in TICKETS.items() for kind, day in (("opened", opened), ("resolved", resolved)) if day
        ],
        "transactions": [row("transactions", "an old one", "is left alone", "03-01 12:00", transaction_type="refund", amount="3", currency="EUR")],
        "consents": [row("consents", "an old one", "is left alone", "02-01 12:00", purpose="marketing", is_granted="true")],
        "survey_responses": [row("survey_responses", "an old one", "is left alone", "03-03 12:00", survey_type="confidence", score="2")],
    }  # fmt: skip
    later: dict[str, list[Row]] = {
        "message_events": [
            message("gets a message on 2 May", "05-02", "sent", "05-02 10:00"),
            message("did not get that of 10 April", "04-10", "bounced", "04-12 10:00", received_at="2025-05-02 10:00"),
            message("is named at last", "05-02", "sent", "05-02 10:00", user_id="named"),
        ],
        "ticket_events": [ticket("opens a ticket on 2 May", "05-02", "opened", "05-02 12:00")],
        "transactions": [
            row("transactions", "buys", "buys on 2 May", "05-02 12:00", transaction_type="purchase", amount="30", currency="EUR"),
            row("transactions", "bought", "bought on 1 May at 10:01", "05-01 10:01", transaction_type="purchase", amount="30", currency="EUR", received_at="2025-05-02 10:00"),
        ],
        "consents": [row("consents", "granted", "granted on 20 April", "04-20 12:00", purpose="marketing", is_granted="true", received_at="2025-05-02 10:00")],
    }  # fmt: skip
    before["message_events"].append(message("becomes a user", "03-01", "opened", "03-01 11:00", user_id="the user"))
    users = [{"user_id": person, "created_at": "2025-01-01", "updated_at": "2025-01-01"} for person in PERSONS if person != "becomes a user"]
    raw = tmp_path / "raw"
    for table, rows in before.items():
        write_csv(raw / f"{table}.csv", rows)
    write_csv(raw / "users.csv", users)
    inputs = Inputs(PROJECT / "seeds", str(raw / "{table}.csv"), {"disabled_tables": SWITCHED_OFF})
    database = build(tmp_path / "built.duckdb", inputs, *SELECTED)
    assert rows_of(database, "select * from int_touched_messages") == rows_of(database, "select * from int_touched_tickets") == []

    for table, rows in later.items():
        write_csv(raw / f"{table}.csv", before[table] + rows)
    write_csv(raw / "users.csv", [*users, {"user_id": "the user", "created_at": "2025-05-02", "updated_at": "2025-05-02"}])
    build(database, inputs, *SELECTED)
    for kind, days, place in (("message", SENT, 0), ("ticket", list(TICKETS), 1)):
        found = {str(row[f"{kind}_id"]) for row in rows_of(database, f"select {kind}_id from int_touched_{kind}s")}
        expected = {f"{person}: {day}" for person, first in FIRST_TOUCHED.items() for day in days if (since := first[place]) and day >= since}
        new = {"message": {"gets a message on 2 May: 05-02", "is named at last: 05-02"}, "ticket": {"opens a ticket on 2 May: 05-02"}}[kind]
        assert found == expected | new, kind
    anew = build(tmp_path / "anew" / "built.duckdb", inputs, *SELECTED)
    assert differing(content_of(database, MARTS), content_of(anew, MARTS)) == {}
    pressed = "select messages_prior_7d, count(*) as messages from fct_messages where messages_prior_7d > 0 group by 1 order by 1"
    assert rows_of(database, pressed) == [{"messages_prior_7d": 1, "messages": len(PERSONS)}, {"messages_prior_7d": 2, "messages": 2}]  # those of 1 May; the two of 2 May
