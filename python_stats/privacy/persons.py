"""Whom an id means: all identities of one person, from the raw rows and from what the marts know.

A person is what `person_identities` says: a user_id with the anonymous ids that belong to it, or an anonymous_id alone. Where the
marts know of no owner (the person was forgotten before, and has come back), an anonymous id belongs to the user it is seen with.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from python_stats.errors import UserError
from python_stats.loading import RAW_TABLES, raw_files
from python_stats.project import Project
from python_stats.sql_warehouse import literal, quoted


@dataclass(frozen=True)
class RawRows:
    """A raw table: the SQL to read it, and which of the two id columns it has."""

    relation: str
    is_files: bool
    columns: tuple[str, ...]


def attach(project: Project, database: Path, connection: Any) -> dict[str, RawRows]:
    """Attach the working database as `working`, and say where each raw table is that can be read.

    Args:
        connection: to DuckDB, in memory.
    """
    connection.execute(f"attach {literal(str(database))} as working (read_only)")
    location = project.raw_location
    schema = str(project.variables.get("raw_schema") or "raw")
    found = {}
    for table in RAW_TABLES:
        if table in (project.variables.get("disabled_tables") or []):
            continue
        if location:
            path, relation = raw_files(str(project.folder / location.replace("{table}", table)), ", filename = 'raw_file'")
            if not connection.execute(f"select count(*) from glob({literal(path)})").fetchone()[0]:
                continue
        else:
            relation = f"working.{quoted(schema)}.{quoted(table)}"
        columns = {row[0] for row in connection.execute(f"describe select * from {relation}").fetchall()}
        found[table] = RawRows(relation, bool(location), tuple(name for name in ("user_id", "anonymous_id") if name in columns))
    return found


def identities_of(
    connection: Any,
    raw: Mapping[str, RawRows],
    schema: str,
    given: Sequence[str],
    is_forgotten: Callable[[str], bool],
    pseudonym: Callable[[str], str] | None,
) -> set[str]:
    """All identities (`u:…`, `a:…`) of the persons that the ids mean.

    Args:
        connection: of `attach`.
        schema: of the marts.
        given: user ids, anonymous ids or person ids.
        is_forgotten: is this identity on the list already?
        pseudonym: what the marts write for an id; None where they write the id itself.

    Raises:
        UserError: an id that nobody has, or that two kinds of ids have. The id itself is not shown.
    """
    pairs = " union ".join(f"select {_id('user_id', rows)}, {_id('anonymous_id', rows)} from {rows.relation}" for rows in raw.values())
    connection.execute(
        f"create or replace temp table pairs as select * from ({pairs or 'select null, null where false'}) as t(user_id, anonymous_id)"
    )
    written = pseudonym or (lambda text: text)
    owners = dict(connection.execute(f"select anonymous_id, person_id from working.{quoted(schema)}.person_identities").fetchall())
    users: set[str] = set()
    alone: set[str] = set()
    for number, text in enumerate(given, start=1):
        identity = _meant(connection, text, number, is_forgotten, pseudonym)
        owner = owners.get(written(identity[2:]), identity) if identity.startswith("a:") else identity
        if owner.startswith("u:") and identity.startswith("a:"):
            users |= {user for user in _seen_with(connection, "anonymous_id", identity[2:]) if "u:" + written(user) == owner} or {owner[2:]}
        (users if identity.startswith("u:") else alone).add(identity[2:])
    for user in users:
        mine = "u:" + written(user)
        seen = _seen_with(connection, "user_id", user)
        alone |= {other for other in seen if owners.get(written(other), "a:").startswith("a:") or owners[written(other)] == mine}
        if pseudonym is None:
            alone |= {other for other, owner in owners.items() if owner == mine}
    return {"u:" + user for user in users} | {"a:" + other for other in alone}


def rows_with(connection: Any, raw: Mapping[str, RawRows], identities: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Per raw table that holds any of the ids: how many `rows`, and in which `files`."""
    known = list(identities)
    found = {}
    for table, rows in raw.items():
        conditions = [f"cast({name} as varchar) in (select unnest(?::varchar[]))" for name in rows.columns]
        arguments = [[identity[2:] for identity in known if identity[0] == name[0]] for name in rows.columns]
        place = "list(distinct raw_file order by raw_file)" if rows.is_files else "[]"
        count, files = connection.execute(
            f"select count(*), {place} from {rows.relation} where {' or '.join(conditions)}", arguments
        ).fetchone()
        if count:
            found[table] = {"rows": count, "files": files or []}
    return found


def _meant(connection: Any, text: str, number: int, is_forgotten: Callable[[str], bool], pseudonym: Callable[[str], str] | None) -> str:
    found = set(_known(connection, text))
    if not found and text[:2] in ("u:", "a:"):
        found = {identity for identity in _known(connection, text[2:]) if identity[0] == text[0]}
        if not found and pseudonym is not None:
            name = "user_id" if text[0] == "u" else "anonymous_id"
            every = connection.execute(f"select distinct {name} from pairs where {name} is not null").fetchall()
            found = {text[:2] + value for (value,) in every if pseudonym(value) == text[2:]}
    if not found:
        candidates = [text, "u:" + text, "a:" + text]
        found = {identity for identity in candidates if identity[:2] in ("u:", "a:") and is_forgotten(identity)}
    if not found:
        raise UserError(f"nobody is known by the id given as number {number}: it is no user_id, anonymous_id or person_id of a raw row")
    if len({identity[0] for identity in found}) > 1 and not all(map(is_forgotten, found)):
        raise UserError(f"the id given as number {number} is a user_id and an anonymous_id: put u: or a: before it")
    return min(found, key=lambda identity: identity[0] != "u")


def _known(connection: Any, text: str) -> list[str]:
    return [
        prefix + text
        for prefix, name in (("u:", "user_id"), ("a:", "anonymous_id"))
        if connection.execute(f"select count(*) from pairs where {name} = ?", [text]).fetchone()[0]
    ]


def _seen_with(connection: Any, name: str, value: str) -> set[str]:
    other = "anonymous_id" if name == "user_id" else "user_id"
    return {
        row[0]
        for row in connection.execute(f"select distinct {other} from pairs where {name} = ? and {other} is not null", [value]).fetchall()
    }


def _id(name: str, rows: RawRows) -> str:
    return f"nullif(cast({name} as varchar), '')" if name in rows.columns else "null::varchar"
