"""A person who leaves: her rows in every raw table, what is left to the user to delete, and the search of every byte for her ids."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from marts.builds import RAW_KEYS, read_csv, write_csv

USER, DEVICES, NEIGHBOUR = "user-who-leaves", {"device-of-hers-1", "device-of-hers-2"}, "neighbour-who-stays"
SHARED = "device-of-both"  # first seen with the one who leaves
IDS = {USER, SHARED, *DEVICES}


def plant(raw: Path) -> None:
    """Rows of the one who leaves in all tables: good ones, a copy, broken ones, on devices of hers and on one that she shares."""
    for table, key in RAW_KEYS.items():
        rows = read_csv(raw / f"{table}.csv")
        if table == "users":
            rows += [{**rows[0], "user_id": USER}, {**rows[0], "user_id": NEIGHBOUR}]
        else:
            good = [row for row in rows if row["user_id"] and row["received_at"]][:40]
            hers = [{**row, key: f"{table}-{number}", "user_id": USER, "anonymous_id": ""} for number, row in enumerate(good)]
            for row, device in zip(hers, [*DEVICES, SHARED, *DEVICES] * 2, strict=False):
                row["anonymous_id"] = device
            for row in hers[20:30]:
                row["user_id"], row["anonymous_id"] = "", sorted(DEVICES)[0]
            theirs = [{**row, key: f"{table}-next-door-{number}", "user_id": NEIGHBOUR, "anonymous_id": SHARED} for number, row in enumerate(good[35:])]
            rows += [*hers, hers[0], {**hers[1], "received_at": "never"}, {**hers[2], key: ""}, *theirs]
        write_csv(raw / f"{table}.csv", rows)


def without_her(raw: Path) -> None:
    """What the receipt leaves to the user: delete her rows, and take her device from the neighbour's."""
    for table in RAW_KEYS:
        kept = []
        for row in read_csv(raw / f"{table}.csv"):
            if row["user_id"] == USER or (not row["user_id"] and row.get("anonymous_id") in IDS):
                continue
            kept.append({**row, "anonymous_id": ""} if row.get("anonymous_id") in IDS else row)
        write_csv(raw / f"{table}.csv", kept)


def files_with_ids(folder: Path, but: Iterable[str] = ()) -> set[str]:
    """Every file with any of her ids in any byte of its content or its name, but those in some folders."""
    found = set()
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        if name.startswith(tuple(but)):
            continue
        if any(text in name for text in IDS) or (path.is_file() and any(text.encode() in path.read_bytes() for text in IDS)):
            found.add(name)
    return found
