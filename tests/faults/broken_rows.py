"""Broken rows of every table and for every reason, many of them: each is accounted for, and what they cost grows as they do."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from faults.world import WORK, Prepared, World

MOMENT = "2026-03-01 10:00:00"
GOOD: dict[str, dict[str, str]] = {
    "events": {"event_id": "k", "event_name": "page_view", "occurred_at": MOMENT, "received_at": MOMENT, "page_path": "/cart"},
    "message_events": {"event_id": "k", "message_id": "m", "event_type": "sent", "campaign_id": "c", "channel": "email", "occurred_at": MOMENT, "received_at": MOMENT, "is_machine": "false"},
    "ticket_events": {"event_id": "k", "ticket_id": "t", "event_type": "opened", "occurred_at": MOMENT, "received_at": MOMENT},
    "survey_responses": {"response_id": "k", "survey_type": "csat", "score": "4", "subject_type": "ticket", "subject_id": "t", "occurred_at": MOMENT, "received_at": MOMENT},
    "transactions": {"transaction_id": "k", "transaction_type": "purchase", "amount": "1", "currency": "EUR", "occurred_at": MOMENT, "received_at": MOMENT},
    "experiment_assignments": {"assignment_id": "k", "experiment_id": "e", "variant_id": "v", "assigned_at": MOMENT, "received_at": MOMENT},
    "consents": {"consent_id": "k", "purpose": "analytics", "is_granted": "true", "occurred_at": MOMENT, "received_at": MOMENT},
    "users": {"user_id": "k", "created_at": MOMENT, "updated_at": MOMENT},
}  # fmt: skip
OPTIONAL = {"page_path", "is_machine", "subject_type", "subject_id", "amount", "currency", "updated_at"}
TIMES = {"occurred_at", "received_at", "assigned_at", "created_at", "updated_at"}
WRONG: dict[str, str] = {
    **dict.fromkeys(TIMES, "last Tuesday"), "event_type": "teleported", "survey_type": "mood", "score": "99", "subject_type": "weather",
    "transaction_type": "gift", "amount": "-1", "purpose": "fun", "is_granted": "perhaps", "is_machine": "perhaps",
}  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """A way to break a row of a table, and the reason that must be told."""

    table: str
    reason: str
    row: dict[str, str]


def kinds() -> list[Kind]:
    """Every reason of the contract, table by table."""
    found = []
    for table, good in GOOD.items():
        person = {} if table == "users" else {"user_id": "u", "anonymous_id": ""}
        whole = good | person
        found += [Kind(table, f"missing_{name}", whole | {name: ""}) for name in good if name not in OPTIONAL]
        if person:
            found.append(Kind(table, "missing_identity", whole | {"user_id": ""}))
            moment = "assigned_at" if "assigned_at" in good else "occurred_at"
            found.append(Kind(table, "occurred_in_future", whole | {moment: "2026-03-02 10:00:00.000001"}))
        found += [Kind(table, f"invalid_{name}", whole | {name: wrong}) for name, wrong in WRONG.items() if name in good]
    return found


def write(folder: Path, broken: int) -> dict[tuple[str, str], int]:
    """Raw tables with so many broken rows, all kinds in turn, beside one good row and a copy of it a table.

    Returns:
        How many there are by table and reason.
    """
    every = kinds()
    folder.mkdir(parents=True, exist_ok=True)
    counts: dict[tuple[str, str], int] = {}
    with duckdb.connect(":memory:") as connection:
        for table, good in GOOD.items():
            mine = [(place, kind) for place, kind in enumerate(every) if kind.table == table]
            columns = [*good, *([] if table == "users" else ["user_id", "anonymous_id"])]
            text = io.StringIO()
            writer = csv.DictWriter(text, [*columns, "n"], lineterminator="\n")
            writer.writeheader()
            for place, kind in mine:
                count = broken // len(every) + (place < broken % len(every))
                counts[table, kind.reason] = counts.get((table, kind.reason), 0) + count
                writer.writerow(kind.row | {"n": str(count)})
            writer.writerow(good | ({} if table == "users" else {"user_id": "u"}) | {"n": "2"})
            draft = folder / f"{table}.draft.csv"
            draft.write_text(text.getvalue(), encoding="utf-8")
            key = columns[0]
            shown = ", ".join(f"case when {key} = '' then '' when n = 2 then 'good' else {key} || '-' || row_number() over () end as {key}" if name == key else name for name in columns)
            connection.execute(f"copy (select {shown} from read_csv('{draft}', all_varchar = true, header = true, nullstr = '\\N'), range(cast(n as bigint))) to '{folder / f'{table}.parquet'}' (format parquet)")
            draft.unlink()
    return counts


def count(prepared: Prepared, sizes: tuple[int, ...] = (0, 10_000, 100_000, 400_000)) -> dict[str, Any]:
    """Build staging over ever more broken rows.

    Returns:
        `cpu_s` by size, and what was `wrong`.
    """
    found: dict[str, Any] = {"cpu_s": {}, "reasons": len(kinds()), "wrong": []}
    for size in (0, *sizes):  # the first is to parse the project, and counts for nothing: the next takes its place
        folder = WORK / "broken"
        counts = write(folder / "raw", size)
        world = World(folder, prepared.world.seeds, {"EMPATHY_ROI_RAW_LOCATION": str(folder / "raw" / "{table}.parquet")})
        for old in folder.glob("work.duckdb*"):
            old.unlink()
        done = world.run("--select", "+rejected_rows +source_audit", "--exclude-resource-type", "unit_test", "--exclude", "test_type:generic", command="build")
        found["cpu_s"][str(size)] = round(done.cpu_s, 2)
        if done.code:
            found["wrong"].append(f"{size}: ended with {done.code}: {done.output.splitlines()[-3:]}")
            continue
        with duckdb.connect(str(world.database), read_only=True) as connection:
            told = {(table, reason): rows for table, reason, rows in connection.execute("select source_table, reason, count(*) from rejected_rows group by all").fetchall()}
            expected = {key: rows for key, rows in counts.items() if rows}
            found["wrong"] += [f"{size}: {key}: {told.get(key)} told, {expected.get(key)} broken" for key in told.keys() | expected.keys() if told.get(key) != expected.get(key)]
            for row in connection.execute("select source_table, rows_in, rows_accepted, rows_duplicate, rows_rejected from source_audit").fetchall():
                wanted = sum(rows for (table, _), rows in counts.items() if table == row[0])
                if row[1:] != (wanted + 2, 1, 1, wanted):
                    found["wrong"].append(f"{size}: {row} does not add up to {wanted} + 2")
        print(f"{'XX' if found['wrong'] else 'ok'} {size:,} broken rows: {done.cpu_s:.1f} CPU s {found['wrong'][:3] or ''}", flush=True)
    return found
