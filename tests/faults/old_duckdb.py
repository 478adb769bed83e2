"""What is published, read by DuckDB versions that are years older than the one that wrote it."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from typing import Any

from faults.world import WORK, Prepared

VERSIONS = ("1.0.0", "1.1.3", "1.2.2")
READ = """
import duckdb, hashlib, json, sys
connection = duckdb.connect(sys.argv[1], read_only=True)
tables = sorted(name for (name,) in connection.execute("select table_name from information_schema.tables where table_schema = 'main'").fetchall())
found = {}
for table in tables:
    rows = sorted(map(repr, connection.execute(f'select * from "{table}"').fetchall()))
    found[table] = [len(rows), hashlib.sha256("\\n".join(rows).encode()).hexdigest()]
print(json.dumps({"version": duckdb.__version__, "tables": found}))
"""


def run(prepared: Prepared) -> dict[str, Any]:
    """Every published table, read by each version; `skipped` says why a version could not be tried."""
    path = str((prepared.put_back("night").published / "current").resolve() / "empathy_roi.duckdb")
    now = json.loads(subprocess.run([sys.executable, "-c", READ, path], check=True, capture_output=True, text=True).stdout)
    found: dict[str, Any] = {"read": [], "skipped": {}, "tables": len(now["tables"]), "wrong": []}
    for version in VERSIONS:
        place = WORK / f"duckdb-{version}"
        python = place / "bin" / "python"
        if not (place / "installed").is_file():
            venv.create(place, with_pip=True, clear=True)
            installed = subprocess.run([python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", f"duckdb=={version}"], check=False, capture_output=True, text=True)
            if installed.returncode:
                found["skipped"][version] = (installed.stderr.strip().splitlines() or ["pip failed"])[-1]
                continue
            (place / "installed").touch()
        read = subprocess.run([python, "-c", READ, path], check=False, capture_output=True, text=True)
        if read.returncode:
            found["wrong"].append(f"{version}: {read.stderr.strip().splitlines()[-1]}")
            continue
        then = json.loads(read.stdout)
        found["read"].append(then["version"])
        found["wrong"] += [f"{version}: {table} reads otherwise" for table in now["tables"] if now["tables"][table] != then["tables"].get(table)]
    print(f"{'XX' if found['wrong'] else 'ok'} {found['tables']} published tables read by DuckDB {', '.join(found['read'])} {found['skipped'] or ''} {found['wrong'][:3] or ''}", flush=True)
    return found
