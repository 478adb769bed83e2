"""What `empathy-roi forget` did, for whoever asked for it: a receipt without a plain id."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

FILE = "forgotten.json"


@dataclass(frozen=True)
class Receipt:
    """What was done, without a plain id.

    Attributes:
        run_id: of the run that built everything anew; finished_at: of that run, ISO 8601, UTC.
        identity_hashes: what stands in the list of the forgotten; key_check: which key made them.
        rows_forgotten: per raw table, rows of all the forgotten so far (`source_audit`).
        rows_erased: per mart, rows of these persons that were there before.
        rows_rebuilt: per table that was built anew, its rows now.
        publication: what readers see now; None where nothing is published. publications_removed: what they could see before.
        raw_rows_erased: per raw table that `empathy-roi load` had made, `rows` that were theirs, and `ids` of theirs in rows of others.
        raw_rows_left: per raw table that still holds the ids, `rows` and `files`: yours to delete.
        not_overwritten: tables in which bytes of deleted rows may be left, since another role owns them.
        files_searched, bytes_searched: in which the ids were looked for.
        still_in: places that hold an id all the same (`file`, or `schema.table.column`): how many times.
    """

    run_id: str
    finished_at: str
    identity_hashes: Sequence[str]
    key_check: str
    rows_forgotten: Mapping[str, int]
    rows_erased: Mapping[str, int]
    rows_rebuilt: Mapping[str, int]
    publication: str | None
    publications_removed: Sequence[str]
    raw_rows_erased: Mapping[str, Mapping[str, int]]
    raw_rows_left: Mapping[str, Mapping[str, Any]]
    not_overwritten: Sequence[str]
    files_searched: int
    bytes_searched: int
    still_in: Mapping[str, int]

    @property
    def is_done(self) -> bool:
        """Is nothing left that the project is answerable for?"""
        return not (self.still_in or self.not_overwritten)

    def as_json(self) -> dict[str, Any]:
        """For json.dump."""
        return asdict(self)
