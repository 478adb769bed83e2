"""Names and ids that want to be SQL, markup, a path or a template: they stay text, and change nothing but names.

The same business is built twice: as it is, and with something hostile behind every id and name, in raw rows and seeds alike. Every number
must be the same in both; the pages must have the same elements; what went in must come out, letter by letter.
"""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb

from faults.world import FIRST, WORK, Done, Prepared, World, differing

HOSTILE = (
    "'; drop table events; --", "\"; drop schema main cascade; --", "') or 1=1 --", "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>",
    "</title></style><script>x</script>", "{{ 1 / 0 }}", "{% raw %}", "{{ env_var('HOME') }}", "../../../../tmp/escaped", "/etc/passwd", "a\nb", "a\tb", "\x00nul", "\x1b[31m", "\x7f",
    "\u202eright to left", "e\u0301\u0323", "zero\u200bwidth\ufeff", "\U0001f9e8\U0001d54f", "\u0130\u0131\u00df", "%s%n%d", "$(touch /tmp/escaped)", "`id`", "\\", "\\'", "''", '"', '""', "|", ",", ";", "=", "null",
    "NaN", "-0", "&amp;", "&#39;", "]]>", "<!--", "\ufffd", "\uffff", "#", "?a=b&c", "..", "CON", " ", "\u00a0",
)  # fmt: skip
#: Columns of raw tables and seeds that hold ids of ours, which have to agree with one another.
IDS = {
    "user_id", "anonymous_id", "message_id", "ticket_id", "agent_id", "subject_id", "event_id", "response_id", "transaction_id", "assignment_id", "consent_id",
    "journey_id", "step_id", "campaign_id", "target_journey_id", "target_step_id", "experiment_id", "variant_id", "idea_id",
    "event_name", "entry_event", "completion_event",
}  # fmt: skip
NAMES = {
    "journey_name", "step_name", "owner_team", "campaign_name", "context_signal", "experiment_name", "hypothesis", "pain_point", "idea_name", "rationale", "holiday_name",
    "element_id", "answer",
}  # fmt: skip


def hostile(text: str) -> str:
    """The text with something hostile behind it: always the same for the same text, and in the same order as without."""
    if not text:
        return text
    return f"{text} {HOSTILE[int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], 'big') % len(HOSTILE)]}"


def _changed(row: dict[str, Any]) -> dict[str, Any]:
    return {name: hostile(value) if name in IDS | NAMES and isinstance(value, str) else value for name, value in row.items()}


def write(folder: Path, source: Path, seeds: Path) -> World:
    """The hostile twin of a simulated business."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "seeds").mkdir(parents=True)
    for path in sorted(seeds.glob("*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        with (folder / "seeds" / path.name).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]) if rows else path.read_text().strip().split(","), quoting=csv.QUOTE_ALL)
            writer.writeheader()
            writer.writerows(map(_changed, rows))
    raw = folder / "it's raw \u202e{{x}}"
    raw.mkdir()
    with duckdb.connect(":memory:") as connection:
        connection.create_function("hostile", hostile, ["varchar"], "varchar")
        for path in sorted(source.glob("*.parquet")):
            columns = [name for (name, *_) in connection.execute(f"describe from '{path}'").fetchall()]
            shown = ", ".join(f'hostile("{name}") as "{name}"' if name in IDS | NAMES else f'"{name}"' for name in columns)
            target = str(raw / path.name).replace("'", "''")
            connection.execute(f"copy (select {shown} from '{path}') to '{target}' (format parquet)")
    return World(folder, folder / "seeds", {"EMPATHY_ROI_RAW_LOCATION": f"{raw}/{{table}}.parquet"})


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: Counter[str] = Counter()
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "wbr":  # long words may break
            self.found[f"{tag} {' '.join(sorted(name for name, _ in attrs))}"] += 1

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def elements(page: Path) -> tuple[Counter[str], str]:
    """The elements of a page, with the names of their attributes, and its text."""
    parser = _Elements()
    parser.feed(page.read_text(encoding="utf-8"))
    parser.close()
    return parser.found, "".join(parser.text)


def numbers(database: Path) -> dict[str, list[str]]:
    """Every row of every table without its texts."""
    found = {}
    with duckdb.connect(str(database), read_only=True) as connection:
        for (table,) in connection.execute("select table_name from duckdb_tables() order by 1").fetchall():
            if table in ("publication", "run_history"):
                continue
            columns = [name for name, kind, *_ in connection.execute(f'describe "{table}"').fetchall() if kind != "VARCHAR"]
            shown = ", ".join(f'"{name}"' for name in columns)
            rows = connection.execute(f'select {shown} from "{table}"').fetchall() if columns else []
            found[table] = sorted(map(repr, rows))
    return found


def run(prepared: Prepared) -> dict[str, Any]:
    """Build, analyse, report and publish both; what differs."""
    simulated, seeds = WORK / "simulated", prepared.world.seeds
    plain = World(WORK / "plain", seeds, {"EMPATHY_ROI_RAW_LOCATION": f"{simulated}/{{table}}.parquet"})
    shutil.rmtree(plain.folder, ignore_errors=True)
    plain.folder.mkdir()
    twin = write(WORK / "it's hostile", simulated, seeds)
    for world in (plain, twin):
        done = world.run(*FIRST, "--include-persons")
        if done.code or "Traceback" in done.output:
            return {"wrong": [f"{world.folder.name}: ended with {done.code}: {done.output.splitlines()[-5:]}"]}
    return compared(plain, twin)


def compared(plain: World, twin: World) -> dict[str, Any]:
    """What differs between the two but names."""
    wrong: list[str] = []
    one, other = (world.published / "current" for world in (plain, twin))
    left, right = numbers(one / "empathy_roi.duckdb"), numbers(other / "empathy_roi.duckdb")
    wrong += [f"{table}: other numbers" for table in left.keys() | right.keys() if left.get(table) != right.get(table)]
    wrong += _round_trip(one / "empathy_roi.duckdb", other / "empathy_roi.duckdb")
    pages = [sorted(path for path in place.glob("*.html")) for place in (one, other)]
    if len(pages[0]) != len(pages[1]):
        wrong.append(f"{len(pages[0])} and {len(pages[1])} pages")
    by_elements = [Counter(json.dumps(sorted(elements(page)[0].items())) for page in side) for side in pages]
    if by_elements[0] != by_elements[1]:
        wrong.append("pages have other elements: " + ", ".join(page.name for page in pages[1] if json.dumps(sorted(elements(page)[0].items())) not in by_elements[0]))
    text = "".join(elements(page)[1] for page in pages[1])
    shown = [fragment for fragment in HOSTILE if fragment.strip() and fragment.strip() in text]
    if not any("<" in fragment for fragment in shown):
        wrong.append("no markup is shown as text: the twin is not hostile")
    if Path("/tmp/escaped").exists():
        wrong.append("something escaped")
    print(f"{'XX' if wrong else 'ok'} hostile names: {len(left)} tables, {len(pages[0])} pages, {len(shown)} of {len(HOSTILE)} seen as text {wrong[:4] or ''}", flush=True)
    return {"tables": len(left), "pages": len(pages[0]), "shown": len(shown), "wrong": wrong}


def _round_trip(plain: Path, twin: Path) -> list[str]:
    """Ids come out as they went in."""
    wrong = []
    with duckdb.connect(str(plain), read_only=True) as left, duckdb.connect(str(twin), read_only=True) as right:
        for table, column, before in (
            ("fct_tickets", "ticket_id", ""), ("fct_messages", "message_id", ""), ("fct_journey_attempts", "journey_id", ""), ("experiment_decisions", "experiment_id", ""),
            ("experiment_decisions", "experiment_name", ""), ("fct_person_days", "person_id", "u:"), ("friction_step_summary", "step_id", ""), ("experiment_backlog", "idea_name", ""),
        ):  # fmt: skip
            query = f'select distinct "{column}" from "{table}" where "{column}" like \'{before}%\''
            sides = [{row[0] for row in connection.execute(query).fetchall() if row[0] is not None} for connection in (left, right)]
            wanted = {before + hostile(value.removeprefix(before)) for value in sides[0]}
            if sides[1] != wanted or not wanted:
                wrong.append(f"{table}.{column}: {sorted(sides[1] ^ wanted)[:2]}")
    return wrong


def extremes(prepared: Prepared) -> dict[str, Any]:
    """Ten million letters in an id, columns with names of SQL, and bytes that are no text."""
    wrong: list[str] = []
    world = prepared.put_back("morning")
    path = world.folder / "raw" / "events" / "third.parquet"
    columns = """'page_view' as event_name, '2026-03-01 10:00:00' as occurred_at, '2026-03-01 10:00:00' as received_at, '/cart' as page_path"""
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"""copy (
            select 'long-1' as event_id, {columns}, repeat('u', 10000000) as user_id, '{{}}' as properties, null as element_id
            union all select repeat('e', 10000000), {columns}, 'long-2', repeat('[', 10000000), repeat('x', 10000000)
        ) to '{path}' (format parquet)""")
    wrong += _ended(world.run(*FIRST), 0, ())
    with duckdb.connect(str(world.database), read_only=True) as connection:
        (length,) = connection.execute("select max(length(person_id)) from fct_person_days").fetchall()[0]
        if length != 10_000_002:
            wrong.append(f"the long id came out with {length} letters")
    with duckdb.connect(":memory:") as connection:
        names = ['x", (select 1) as "y', "'; drop table events; --", "{{ 1 / 0 }}", "{% raw %}", "a b", "sélect", "`", "--", "$$"]
        extra = ", ".join(f"'v' as \"{name.replace(chr(34), chr(34) * 2)}\"" for name in names)
        connection.execute(f"""copy (select '' as event_id, {columns}, 'u' as user_id, {extra}) to '{path}' (format parquet)""")
    wrong += _ended(world.run(*FIRST), 0, ())
    with duckdb.connect(str(world.database), read_only=True) as connection:
        payloads = connection.execute("select payload from rejected_rows where source_table = 'events' and reason = 'missing_event_id'").fetchall()
        if not any("drop table events" in payload and "{{ 1 / 0 }}" in payload for (payload,) in payloads):
            wrong.append("the payload of a rejected row lacks its extra columns")
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"copy (select 'MARK' as event_id, {columns}, 'u' as user_id) to '{path}' (format parquet, compression uncompressed)")
    path.write_bytes(path.read_bytes().replace(b"MARK", b"\xed\xa0\x80\xff"))
    wrong += _ended(world.run(*FIRST), 2, ("third.parquet",))
    path.unlink()
    wrong += _ended(world.run(*FIRST), 0, ())
    wrong += [f"differs: {name}" for name in differing(prepared.wanted, world.exported())]
    print(f"{'XX' if wrong else 'ok'} long ids, columns named like SQL, bytes that are no text {wrong[:4] or ''}", flush=True)
    return {"wrong": wrong}


def _ended(done: Done, code: int, words: tuple[str, ...]) -> list[str]:
    return [] if done.code == code and done.says(*words) else [f"ended with {done.code}, not {code}, or does not say {words}: {done.output.splitlines()[-4:]}"]
