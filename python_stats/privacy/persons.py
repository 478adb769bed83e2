"""Whom an id means: all identities of one person, from the raw rows and from what the marts know.

A person is what `person_identities` says: a user_id with the anonymous ids that belong to it, or an anonymous_id alone. Where the
marts know of no owner (the person was forgotten before, and has come back), an anonymous id belongs to the user it is seen with.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from python_stats.errors import UserError
from python_stats.sql_warehouse import quoted


class Ask(Protocol):
    """Runs a statement with `?` for values, in one session of a database; the rows that it gives."""

    def __call__(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Values never stand in the statement."""
        ...


@dataclass(frozen=True)
class RawRows:
    """A raw table: the SQL to read it, and which of the two id columns it has."""

    relation: str
    is_files: bool
    columns: tuple[str, ...]


def identities_of(
    ask: Ask,
    raw: Mapping[str, RawRows],
    schema: str,
    given: Sequence[str],
    is_forgotten: Callable[[str], bool],
    pseudonym: Callable[[str], str] | None,
) -> set[str]:
    """All identities (`u:…`, `a:…`) of the persons that the ids mean.

    Args:
        ask: the working database.
        schema: of the marts.
        given: user ids, anonymous ids or person ids.
        is_forgotten: is this identity on the list already?
        pseudonym: what the marts write for an id; None where they write the id itself.

    Raises:
        UserError: an id that nobody has, or that two kinds of ids have. The id itself is not shown.
    """
    pairs = " union ".join(f"select {_id('user_id', rows)}, {_id('anonymous_id', rows)} from {rows.relation}" for rows in raw.values())
    ask("drop table if exists pairs")
    ask(
        "create temporary table pairs as"
        f" select * from ({pairs or 'select cast(null as varchar), cast(null as varchar) where false'}) as t(user_id, anonymous_id)"
    )
    written = pseudonym or (lambda text: text)
    owners: dict[str, str] = dict(ask(f"select anonymous_id, person_id from {quoted(schema)}.person_identities"))
    users: set[str] = set()
    alone: set[str] = set()
    for number, text in enumerate(given, start=1):
        identity = _meant(ask, text, number, is_forgotten, pseudonym)
        owner = owners.get(written(identity[2:]), identity) if identity.startswith("a:") else identity
        if owner.startswith("u:") and identity.startswith("a:"):
            users |= {user for user in _seen_with(ask, "anonymous_id", identity[2:]) if "u:" + written(user) == owner} or {owner[2:]}
        (users if identity.startswith("u:") else alone).add(identity[2:])
    for user in users:
        mine = "u:" + written(user)
        seen = _seen_with(ask, "user_id", user)
        alone |= {other for other in seen if owners.get(written(other), "a:").startswith("a:") or owners[written(other)] == mine}
        if pseudonym is None:
            alone |= {other for other, owner in owners.items() if owner == mine}
    return {"u:" + user for user in users} | {"a:" + other for other in alone}


def rows_with(ask: Ask, raw: Mapping[str, RawRows], identities: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Per raw table that holds any of the ids: how many `rows`, and in which `files`."""
    known = list(identities)
    found = {}
    for table, rows in raw.items():
        conditions = [f"cast({name} as varchar) in (select unnest(cast(? as varchar[])))" for name in rows.columns]
        arguments = [[identity[2:] for identity in known if identity[0] == name[0]] for name in rows.columns]
        place = "list(distinct raw_file order by raw_file)" if rows.is_files else "null"
        query = f"select count(*), {place} from {rows.relation} where {' or '.join(conditions)}"
        ((count, files),) = ask(query, *arguments) if conditions else [(0, None)]
        if count:
            found[table] = {"rows": count, "files": files or []}
    return found


def _meant(ask: Ask, text: str, number: int, is_forgotten: Callable[[str], bool], pseudonym: Callable[[str], str] | None) -> str:
    found = set(_known(ask, text))
    if not found and text[:2] in ("u:", "a:"):
        found = {identity for identity in _known(ask, text[2:]) if identity[0] == text[0]}
        if not found and pseudonym is not None:
            name = "user_id" if text[0] == "u" else "anonymous_id"
            every = ask(f"select distinct {name} from pairs where {name} is not null")
            found = {text[:2] + value for (value,) in every if pseudonym(value) == text[2:]}
    if not found:
        candidates = [text, "u:" + text, "a:" + text]
        found = {identity for identity in candidates if identity[:2] in ("u:", "a:") and is_forgotten(identity)}
    if not found:
        raise UserError(f"nobody is known by the id given as number {number}: it is no user_id, anonymous_id or person_id of a raw row")
    if len({identity[0] for identity in found}) > 1 and not all(map(is_forgotten, found)):
        raise UserError(f"the id given as number {number} is a user_id and an anonymous_id: put u: or a: before it")
    return min(found, key=lambda identity: identity[0] != "u")


def _known(ask: Ask, text: str) -> list[str]:
    return [
        prefix + text
        for prefix, name in (("u:", "user_id"), ("a:", "anonymous_id"))
        if ask(f"select count(*) from pairs where {name} = ?", text)[0][0]
    ]


def _seen_with(ask: Ask, name: str, value: str) -> set[str]:
    other = "anonymous_id" if name == "user_id" else "user_id"
    return {found for (found,) in ask(f"select distinct {other} from pairs where {name} = ? and {other} is not null", value)}


def _id(name: str, rows: RawRows) -> str:
    return f"nullif(cast({name} as varchar), '')" if name in rows.columns else "cast(null as varchar)"
