"""The raw tables as they are written: contract columns, text or typed, with dirty rows added.

Dirt is added, never exchanged: exact copies, copies that arrive later, and broken copies with an id of their own that
staging must reject. No real row is lost, so that dirt cannot move a true effect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: Faults 1 and 2 are copies (exact, later); the share of each among the dirty rows, the rest is broken.
EXACT_COPY, LATE_COPY = 1, 2
SHARE_EXACT, SHARE_LATE = 0.35, 0.15


@dataclass(frozen=True)
class Column:
    """A column of a raw table: `kind` is text, time, number or boolean; `source` its SQL before dirt is added."""

    name: str
    kind: str = "text"
    required: bool = False
    source: str | None = None


@dataclass(frozen=True)
class Table:
    """A raw table of the contract. Faults are the values (by column, SQL) that make a copy of a row invalid."""

    name: str
    columns: tuple[Column, ...]
    extra_faults: tuple[Mapping[str, str], ...] = ()
    is_identified: bool = True

    @property
    def key(self) -> str:
        """The id column, which comes first."""
        return self.columns[0].name


def _text(*names: str, required: bool = False) -> tuple[Column, ...]:
    return tuple(Column(name, required=required) for name in names)


_IDENTITY = _text("user_id", "anonymous_id")
_TIMES = (Column("occurred_at", "time", True, "at_ms"), Column("received_at", "time", True, "received_ms"))

TABLES: tuple[Table, ...] = (
    Table(
        "events",
        (*_text("event_id", "event_name", required=True), *_TIMES, *_IDENTITY, *_text("page_path", "element_id", "properties")),
    ),
    Table(
        "message_events",
        (
            *_text("event_id", "message_id", "event_type", "campaign_id", "channel", required=True),
            *_TIMES,
            *_IDENTITY,
            Column("is_machine", "boolean"),
        ),
        ({"event_type": "'Sent'"}, {"is_machine": "'perhaps'"}),
    ),
    Table(
        "ticket_events",
        (*_text("event_id", "ticket_id", "event_type", required=True), *_text("channel", "agent_id"), *_TIMES, *_IDENTITY),
        ({"event_type": "'escalated'"},),
    ),
    Table(
        "survey_responses",
        (
            *_text("response_id", "survey_type", required=True),
            Column("score", "number"),
            *_text("answer", "subject_type", "subject_id"),
            *_TIMES,
            *_IDENTITY,
        ),
        (
            {"survey_type": "'stars'"},
            {"survey_type": "'csat'", "score": "'6'"},
            {"survey_type": "'ces'", "score": "null"},
            {"score": "'very good'"},
            {"subject_type": "'person'"},
        ),
    ),
    Table(
        "transactions",
        (
            *_text("transaction_id", "transaction_type", required=True),
            Column("amount", "number"),
            *_text("currency"),
            *_TIMES,
            *_IDENTITY,
        ),
        ({"transaction_type": "'order'"}, {"amount": "'-5'"}, {"amount": "'NaN'"}),
    ),
    Table(
        "experiment_assignments",
        (
            *_text("assignment_id", "experiment_id", "variant_id", required=True),
            Column("assigned_at", "time", True, "at_ms"),
            Column("received_at", "time", True, "received_ms"),
            *_IDENTITY,
        ),
    ),
    Table(
        "consents",
        (*_text("consent_id", "purpose", required=True), Column("is_granted", "boolean", True), *_TIMES, *_IDENTITY),
        ({"purpose": "'advertising'"}, {"is_granted": "'sometimes'"}),
    ),
    Table(
        "users",
        (
            *_text("user_id", required=True),
            Column("created_at", "time", True, "created_ms"),
            Column("updated_at", "time", True, "at_ms"),
            *_text("plan", "country", "acquisition_channel"),
        ),
        is_identified=False,
    ),
)

_TYPES = {"text": "text", "time": "timestamp", "number": "double", "boolean": "boolean"}
_BAD_TIMES = ("'yesterday'", "'2026-02-30 10:00:00'", "'1767571200'", "'infinity'")


def faults(table: Table, typed: bool) -> list[dict[str, str]]:
    """Every way to break a row: column → SQL of its value. Typed files cannot carry values of another type."""
    found: list[dict[str, str]] = [
        {column.name: "''" if column.kind == "text" and place % 2 else "null"}
        for place, column in enumerate(table.columns)
        if column.required
    ]
    times = [column for column in table.columns if column.kind == "time"]
    if table.is_identified:
        found.append({"user_id": "null", "anonymous_id": "null"})
        found.append({times[0].name: "in the future"})
    if not typed:
        found += [
            {column.name: _BAD_TIMES[(place + offset) % len(_BAD_TIMES)]} for place, column in enumerate(times) for offset in range(2)
        ]
    kinds = {column.name: column.kind for column in table.columns}
    for extra in table.extra_faults:
        if not typed or all(kinds[name] == "text" for name in extra):
            found.append(dict(extra))
    return found


def _written(column: Column, sql: str, typed: bool) -> str:
    """SQL that writes a value: as it is, or as text, times now and then with an offset or a Z."""
    if typed or column.kind == "text":
        return sql
    if column.kind != "time":
        return f"cast({sql} as text)"
    return (
        f"case when unit(row_key, 'format') < 0.01 then replace(cast({sql} + interval 2 hour as text), ' ', 'T') || '+02:00'"
        f" when unit(row_key, 'format') < 0.03 then replace(cast({sql} as text), ' ', 'T') || 'Z' else cast({sql} as text) end"
    )


def _column_sql(table: Table, column: Column, broken: list[dict[str, str]], typed: bool) -> str:
    source = f"as_time({column.source})" if column.source else column.name
    if column.source == "received_ms":
        source = "as_time(arrived_ms)"
    value = _written(column, source, typed)
    if column.name == table.key:
        value = f"case when fault > {LATE_COPY} then {value} || '-broken' else {value} end"
    branches = []
    for number, fault in enumerate(broken, LATE_COPY + 1):
        if column.name in fault:
            wrong = fault[column.name]
            if wrong == "in the future":
                wrong = _written(column, "as_time(received_ms + 3 * 86400000)", typed)
            branches.append(f"when {number} then {wrong}")
    if branches:
        value = f"case fault {' '.join(branches)} else {value} end"
    return f"cast({value} as {_TYPES[column.kind] if typed else 'text'}) as {column.name}"


def table_sql(table: Table, dirty_share: float, typed: bool) -> str:
    """The query that yields a raw table as it is written, in the order of its times.

    Args:
        table: which table; its clean rows are in the temporary table `raw_<name>`.
        dirty_share: dirty rows added, as a share of the clean ones.
        typed: timestamps, numbers and booleans keep their types; else all columns are text.
    """
    broken = faults(table, typed)
    columns = ",\n    ".join(_column_sql(table, column, broken, typed) for column in table.columns)
    loaded = _written(Column("loaded_at", "time"), "as_time(loaded_ms(arrived_ms))", typed)
    return f"""
with every as (
    select *, received_ms as arrived_ms, 0 as fault from raw_{table.name}
    union all
    select
        *,
        case
            when unit(row_key, 'fault') between {SHARE_EXACT} and {SHARE_EXACT + SHARE_LATE}
                then least(getvariable('end_ms'), received_ms + 7200000 + floor(3 * 86400000 * unit(row_key, 'copied'))::bigint)
            else received_ms
        end,
        case
            when unit(row_key, 'fault') < {SHARE_EXACT} then {EXACT_COPY}
            when unit(row_key, 'fault') <= {SHARE_EXACT + SHARE_LATE} then {LATE_COPY}
            else {LATE_COPY + 1} + floor({len(broken)} * unit(row_key, 'which fault'))::integer
        end
    from raw_{table.name}
    where unit(row_key, 'dirty') < {dirty_share!r}
)
select
    {columns},
    {loaded} as loaded_at
from every
order by at_ms, row_key, fault
"""
