"""A plugin of dbt-duckdb: the keys of pseudonyms and of the forgotten become settings of each connection, so that no SQL holds them."""

from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin

from python_stats.errors import UserError
from python_stats.privacy.keys import connection_keys


class Plugin(BasePlugin):
    """Named by its module in profiles.yml."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:  # noqa: ARG002
        """Read the environment once. A key that is too short is none: the project's checks say so where one is needed."""
        try:
            self._keys = connection_keys()
        except UserError:
            self._keys = {}

    def configure_cursor(self, cursor: Any) -> None:
        """Variables belong to one cursor."""
        for purpose, key in self._keys.items():
            cursor.execute(f"set variable empathy_roi_{purpose}_key = ?", [key])
