"""Which tables may leave the working database: what dbt's `access: public` says, and what the statistics write."""

import json
from pathlib import Path

from python_stats.errors import UserError
from python_stats.tables import TABLES


def published(manifest: Path, include_persons: bool) -> list[str]:
    """Names of the tables to publish, in order.

    Args:
        manifest: dbt's manifest.json of the build.
        include_persons: marts about single persons (access `protected`), too; what is `private` stays in any case.

    Raises:
        UserError: the manifest cannot be read.
    """
    try:
        nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
        wanted = {"public", "protected"} if include_persons else {"public"}
        found = {
            str(node["alias"])
            for node in nodes
            if node["resource_type"] == "model" and node["access"] in wanted and node["config"]["materialized"] != "ephemeral"
        }
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{manifest}: dbt's manifest cannot be read; run it again") from error
    return sorted(found | set(TABLES))
