"""What readers of a Spark catalog see (`database_publication`): each table is one commit, and the last of them changes the number.

Spark has no transaction over tables. So the rows of a publication are written first, a partition of each table that no view shows yet;
then they are read for their checksums; then the publication is put on record; and only then is the one row of `current` replaced, in
one commit. A run that is killed before leaves readers where they were, and partitions that a later run removes.

The lock is the kernel's, on a file in the project's folder `runs`: it guards one machine.
"""

import re
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from python_stats import spark
from python_stats.operations import spark_views as views
from python_stats.operations.database_publication import NUMBER, OWN_COMMENT, DatabasePublications, number_of
from python_stats.operations.lock import RunLock, run_lock
from python_stats.project import Project
from python_stats.spark import Session, literal, quoted
from python_stats.sql_warehouse import Shown, shown_source

_OWN_TABLES = {
    "publications": {"publication_id": "string", "as_of": "timestamp"},
    "publication": {
        "publication_id": "string",
        "as_of": "timestamp",
        "table_name": "string",
        "row_count": "bigint",
        "checksum": "string",
        "rows_withheld": "bigint",
    },
}


class SparkPublications(DatabasePublications):
    """Publications in a Spark catalog, switched by the commit of one row."""

    @property
    def target(self) -> str:
        """Names the schema and its server."""
        return f"{spark.place_of(self._project)} {self._project.schema}"

    def lock(self, holder: str, wait_s: float) -> AbstractContextManager[RunLock]:
        """Hold the run's lock while the block runs."""
        return machine_lock(self._project, holder, wait_s)

    @staticmethod
    def _quoted(name: str) -> str:
        return quoted(name)

    def _connection(self) -> AbstractContextManager[Session]:
        return spark.connect(self._project)

    def _is_prepared(self, connection: Session) -> bool:
        return bool(spark.columns_of(connection, f"{self._project.schema}_publications", "current"))

    def _add(self, connection: Session, publication_id: str, as_of: datetime, tables: Sequence[str], shown: Shown, keep: int) -> None:
        number, schemas = number_of(publication_id), views.Schemas(self._project.schema, spark.table_format())
        self._prepare(connection, schemas)
        columns = {table: views.widen(connection, schemas, table) for table in tables}
        for table, selected in columns.items():
            mart = f"{quoted(schemas.marts)}.{quoted(table)}"
            own = list(spark.columns_of(connection, schemas.marts, table)) if table in shown else []  # in the order that pages have
            source = shown_source(shown, table, mart, own)
            self._put(connection, table, number, f"select {', '.join(selected.values())} from {source}")
        # Only now: a statement looks up its tables one after the other, and rows have to be there long before the number is.
        head = f"{literal(publication_id)}, timestamp {literal(as_of.isoformat(sep=' '))}"
        rows = []
        for table, selected in columns.items():
            stored = f"select {', '.join(map(quoted, selected))} from {self._kept}.{quoted(table)} where {NUMBER} = {number}"
            count, checksum = fingerprint(connection, stored)
            ((whole,),) = connection.execute(f"select count(*) from {quoted(schemas.marts)}.{quoted(table)}").fetchall()
            rows.append(f"({head}, {literal(table)}, {count}, {literal(checksum)}, {whole - count})")
        if rows:
            self._put(connection, "publication", number, f"values {', '.join(rows)}")
        self._put(connection, "publications", number, f"values ({head})")
        self._point_to(connection, number)
        self._prune(connection, keep)

    def _point_to(self, connection: Session, number: int) -> None:
        connection.execute(f"insert overwrite {self._kept}.current select {number}")

    def _put(self, connection: Session, table: str, number: int, query: str) -> None:
        """Write a publication's part of a table: one commit, and the same however often it is done."""
        connection.execute(f"insert overwrite {self._kept}.{quoted(table)} partition ({NUMBER} = {number}) {query}")

    def _prepare(self, connection: Session, schemas: views.Schemas) -> None:
        if spark.columns_of(connection, schemas.shown, "publication"):  # the last that is made
            return
        for schema in (self._kept, self._shown):
            connection.execute(f"create schema if not exists {schema}")
        for table, columns in _OWN_TABLES.items():
            views.store(connection, schemas, table, columns)
        connection.execute(f"create table if not exists {self._kept}.current ({NUMBER} int) using {schemas.file_format}")
        views.show(connection, schemas, "publication", dict.fromkeys(_OWN_TABLES["publication"]), OWN_COMMENT)

    def _prune(self, connection: Session, keep: int) -> None:
        """Remove the partitions of old publications, and of those that never came to be."""
        numbers = sorted(map(number_of, self.publications()))
        if len(numbers) > keep:
            kept = ", ".join(map(str, numbers[-keep:]))
            for table in _stored(connection, f"{self._project.schema}_publications"):
                connection.execute(f"delete from {self._kept}.{quoted(table)} where {NUMBER} not in ({kept})")


def fingerprint(connection: Session, query: str) -> tuple[int, str]:
    """(rows, checksum) of what a query gives: a sum over the MD5 of each row as JSON, without what is null.

    It depends neither on the order of rows nor on a session's settings, and a column that was added later, at the end, changes nothing.
    """
    as_json = "to_json(struct(found.*), map('ignoreNullFields', 'true', 'timeZone', 'UTC'))"
    digits = f"cast(conv(substr(md5({as_json}), 1, 15), 16, 10) as decimal(20, 0))"
    ((rows, checksum),) = connection.execute(f"select count(*), coalesce(sum({digits}), 0) from ({query}) as found").fetchall()
    return int(rows), f"{int(checksum):032x}"


def machine_lock(project: Project, holder: str, wait_s: float = 0.0) -> AbstractContextManager[RunLock]:
    """The lock of a schema on a server, for all who work on it from this project's folder (`run_lock`)."""
    name = re.sub(r"[^\w.-]", "_", f"{spark.place_of(project)} {project.schema}")
    return run_lock(project.folder / "runs" / f"{name}.lock", holder, wait_s)


def _stored(connection: Session, schema: str) -> Iterable[str]:
    """Tables whose rows carry a number."""
    names = [row[1] for row in connection.execute(f"show tables in {quoted(schema)}").fetchall() if row[0] == schema]
    return [name for name in sorted(names) if name != "current"]
