"""What a run needs of the place where readers find its figures, whichever kind of database that is."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from python_stats.operations.lock import RunLock

#: Holds the lock of a target while the block runs, given whose it is (`a rollback`) and how many seconds to wait for another run to end.
Lock = Callable[[str, float], AbstractContextManager[RunLock]]


class Publisher(Protocol):
    """Keeps publications in the order of their numbers, one of them the one that readers see."""

    def sweep(self) -> None:
        """Mend what a killed run left; called with the lock held."""
        ...

    def current(self) -> str | None:
        """The publication that readers see; None where nothing is published."""
        ...

    def publications(self) -> list[str]:
        """Complete publications, oldest first."""
        ...

    def publish(self, publication_id: str, pages: Path, as_of: datetime, keep: int) -> None:
        """Write a publication, switch readers to it in one step, and remove what is older than the last `keep`.

        Raises:
            UserError: it cannot be written; readers keep the last one.
        """
        ...

    def roll_back(self) -> str:
        """Switch readers to the publication before the current one.

        Returns:
            Its id.

        Raises:
            UserError: there is none.
        """
        ...
