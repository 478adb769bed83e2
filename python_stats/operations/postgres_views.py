"""The views that readers see on Postgres, and the tables behind them, as marts come, get columns, and lose them.

What a mart has lost stays in its view, and is null in new publications; the view of a mart that is published no more stays, too, without
rows. What a mart has got stands at the end of its view. Only where a column changes its type, the view is made anew.
"""

from collections.abc import Sequence
from typing import Any

from python_stats.errors import UserError
from python_stats.operations.database_publication import NUMBER
from python_stats.sql_warehouse import literal, quoted

_PATIENCE = "5s"  # readers queue up behind whoever waits for a view


def widen(connection: Any, schema: str, kept: str, shown: str, table: str) -> list[str]:
    """Make the view of a mart, and the table behind it, have the mart's columns.

    Args:
        connection: commits by itself.
        schema: of the mart.
        kept: of the tables behind the views, quoted.
        shown: of the views, quoted.
        table: the mart.

    Returns:
        The mart's columns.

    Raises:
        UserError: a column has changed its type, and something is built on the view.
    """
    wanted = columns_of(connection, f"{quoted(schema)}.{quoted(table)}")
    behind, view = f"{kept}.{quoted(table)}", f"{shown}.{quoted(table)}"
    there = columns_of(connection, behind)
    added = {name: kind for name, kind in wanted.items() if name not in there}
    changed = {name: kind for name, kind in wanted.items() if there.get(name, kind) != kind}
    seen = exists(connection, view)
    if added or changed or not seen:
        with connection.transaction():
            connection.execute(f"set local lock_timeout = '{_PATIENCE}'")
            if seen:  # a reader takes the view first and then what is behind it: so do we
                connection.execute(definition(kept, shown, table, [name for name in there if name != NUMBER]))
            if not there:
                connection.execute(f"create table {behind} ({NUMBER} integer not null)")
                connection.execute(f"create index on {behind} ({NUMBER})")
            grants = _take_off(connection, view, changed, there) if changed and seen else []
            for name, kind in changed.items():
                connection.execute(f"alter table {behind} alter column {quoted(name)} type {kind} using {quoted(name)}::{kind}")
            for name, kind in added.items():
                connection.execute(f"alter table {behind} add column {quoted(name)} {kind}")
            all_names = [name for name in (*there, *added) if name != NUMBER]
            connection.execute(definition(kept, shown, table, all_names))
            for grant in grants:
                connection.execute(grant)
    _copy_comments(connection, f"{quoted(schema)}.{quoted(table)}", view)
    return list(wanted)


def definition(kept: str, shown: str, table: str, columns: Sequence[str]) -> str:
    """The statement that makes a view: its rows are those of the current publication."""
    listed, name = ", ".join(map(quoted, columns)), quoted(table)
    return (
        f"create or replace view {shown}.{name} as select {listed} from {kept}.{name}"
        f" where {NUMBER} = (select {NUMBER} from {kept}.current)"
    )


def exists(connection: Any, name: str) -> bool:
    """Is there such a table or view, given its quoted name?"""
    return connection.execute("select to_regclass(%s)", [name]).fetchone()[0] is not None


def columns_of(connection: Any, name: str) -> dict[str, str]:
    """Name → type of the columns of a table or view, given its quoted name, in order; nothing where there is none."""
    return dict(
        connection.execute(
            "select attname, format_type(atttypid, atttypmod) from pg_attribute"
            " where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped order by attnum",
            [name],
        ).fetchall()
    )


def stored(connection: Any, kept: str) -> list[str]:
    """The tables behind the views of marts."""
    return [
        name
        for (name,) in connection.execute(
            "select relname from pg_class where relnamespace = %s::regnamespace and relkind = 'r'"
            " and relname not in ('publications', 'current', 'publication') order by 1",
            [kept],
        ).fetchall()
    ]


def _take_off(connection: Any, view: str, changed: dict[str, str], there: dict[str, str]) -> list[str]:
    """Drop a view so that a column can change its type, where nothing is built on it; the statements that grant again what was granted."""
    dependents = connection.execute(
        "select distinct rules.ev_class::regclass::text from pg_depend as links inner join pg_rewrite as rules on links.objid = rules.oid"
        " where links.classid = 'pg_rewrite'::regclass and links.refobjid = %s::regclass and rules.ev_class <> %s::regclass order by 1",
        [view, view],
    ).fetchall()
    if dependents:
        name, built = next(iter(changed)), ", ".join(other for (other,) in dependents)
        raise UserError(
            f"{view}: column '{name}' was {there[name]} and is {changed[name]} now, and {built} is built on the view;"
            " drop that, run again, and make it anew; readers keep the last publication"
        )
    grants = connection.execute(
        "select format('grant %%s on %%s to %%s', privileges.privilege_type, %s::regclass,"
        " case when privileges.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(privileges.grantee)) end)"
        " from pg_class, aclexplode(pg_class.relacl) as privileges"
        " where pg_class.oid = %s::regclass and privileges.grantee <> pg_class.relowner",
        [view, view],
    ).fetchall()
    connection.execute(f"drop view {view}")
    return [statement for (statement,) in grants]


def _copy_comments(connection: Any, source: str, view: str) -> None:
    """What is said about the mart and its columns, where the view does not say it yet."""
    query = (
        "select attribute.attname, coalesce(source_text.description, '') from pg_attribute as attribute"
        " left join pg_description as source_text on source_text.objoid = attribute.attrelid and source_text.objsubid = attribute.attnum"
        " and source_text.classoid = 'pg_class'::regclass"
        " where attribute.attrelid = to_regclass(%s) and attribute.attnum > 0 and not attribute.attisdropped"
        " union all select '', coalesce(obj_description(to_regclass(%s), 'pg_class'), '')"
    )
    said = dict(connection.execute(query, [view, view]).fetchall())
    for name, text in connection.execute(query, [source, source]).fetchall():
        if text and said.get(name) != text:
            on = f"column {view}.{quoted(name)}" if name else f"view {view}"
            connection.execute(f"comment on {on} is {literal(text)}")
