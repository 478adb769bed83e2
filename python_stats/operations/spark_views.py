"""The views that readers see on Spark, and the tables behind them, as marts come, get columns, and lose them.

What a mart has lost stays in its view, and is null in new publications; the view of a mart that is published no more stays, too, without
rows. What a mart has got stands at the end of its view, which is made anew then, and only then: no view on it is in the way of that.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from python_stats.operations.database_publication import NUMBER
from python_stats.spark import Session, columns_of, comment_of, described, literal, quoted

# A publication is one partition, so that each task may write a file of its own: no rows have to be brought together.
_STORED = f"partitioned by ({NUMBER}) tblproperties ('write.distribution-mode' = 'none')"


@dataclass(frozen=True)
class Schemas:
    """The schemas of a target, by name.

    Attributes:
        marts: where dbt builds.
        file_format: of the tables.
    """

    marts: str
    file_format: str

    @property
    def kept(self) -> str:
        """Of the tables behind the views."""
        return f"{self.marts}_publications"

    @property
    def shown(self) -> str:
        """Of the views."""
        return f"{self.marts}_published"


def widen(session: Session, schemas: Schemas, table: str) -> dict[str, str]:
    """Make the view of a mart, and the table behind it, have the mart's columns.

    Returns:
        Per column of the table behind the view, in order, what to select of the mart.

    Raises:
        UserError: Spark refuses a change.
    """
    wanted = described(session, schemas.marts, table)
    types = {name: kind for name, (kind, _) in wanted.items()}
    stored = store(session, schemas, table, types)
    comments = {name: wanted[name][1] if name in wanted else None for name in stored}
    show(session, schemas, table, comments, comment_of(session, schemas.marts, table))
    return {name: quoted(name) if name in wanted else f"cast(null as {kind}) as {quoted(name)}" for name, kind in stored.items()}


def store(session: Session, schemas: Schemas, table: str, wanted: Mapping[str, str]) -> dict[str, str]:
    """Make the table behind a view have columns.

    Returns:
        Name → type of all that it has now, without the number.
    """
    name, there = f"{quoted(schemas.kept)}.{quoted(table)}", columns_of(session, schemas.kept, table)
    there.pop(NUMBER, None)
    if not there:
        session.execute(f"create table {name} ({_declared({NUMBER: 'int', **wanted})}) using {schemas.file_format} {_STORED}")
        return dict(wanted)
    changed = {column: kind for column, kind in wanted.items() if there.get(column, kind) != kind}
    if changed:  # in one step, which keeps the rows of all publications
        selected = [f"cast({quoted(column)} as {changed.get(column, kind)}) as {quoted(column)}" for column, kind in there.items()]
        query = f"select {NUMBER}, {', '.join(selected)} from {name}"
        session.execute(f"create or replace table {name} using {schemas.file_format} {_STORED} as {query}")
    added = {column: kind for column, kind in wanted.items() if column not in there}
    if added:
        session.execute(f"alter table {name} add columns ({_declared(added)})")
    return {**there, **changed, **added}


def show(session: Session, schemas: Schemas, table: str, comments: Mapping[str, str | None], comment: str) -> None:
    """Make a view over a table behind it; make it anew where its columns, or what is said about them, are others.

    Dropped and made, because Iceberg's `create or replace view` leaves the text in Hive's metastore, by which Spark goes, as it was.

    Args:
        comments: per column what is said about it; None for what the view says already.
        comment: about the view.
    """
    there = described(session, schemas.shown, table)
    stored = described(session, schemas.kept, table)
    said = {name: there.get(name, ("", ""))[1] if text is None else text for name, text in comments.items()}
    if there == {name: (stored[name][0], text) for name, text in said.items()}:
        return
    session.execute(f"drop view if exists {quoted(schemas.shown)}.{quoted(table)}")
    columns = ", ".join(f"{quoted(name)} comment {literal(text)}" if text else quoted(name) for name, text in said.items())
    kept = quoted(schemas.kept)
    session.execute(
        f"create view {quoted(schemas.shown)}.{quoted(table)} ({columns}) comment {literal(comment)}"
        f" as select {', '.join(map(quoted, said))} from {kept}.{quoted(table)}"
        f" where {NUMBER} in (select {NUMBER} from {kept}.current where {NUMBER} > 0)"
    )


def _declared(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{quoted(name)} {kind}" for name, kind in columns.items())
