"""Ever other arguments, files and variables for the command line; ever other seeds for the rules about them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from hypothesis import strategies as st

from faults.hostile import HOSTILE

#: Text of all kinds, also what no file can hold.
TEXT = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=30), st.sampled_from(["", " ", "-", "--", "main", "duckdb", "winner", "conversion", "young"]))
NUMBERS = st.one_of(
    st.integers().map(str), st.floats().map(str), st.sampled_from(["0", "-1", "1e308", "1e-320", "nan", "inf", "0x10", "1_000", "٣", "9" * 40, "1,5", "+5", "-0.0", "1.", ".5", "1e5", "²"]),
)  # fmt: skip
DATES = st.sampled_from(["2026-02-30", "2026-01-31", "0000-01-01", "9999-12-31", "10000-01-01", "2026-1-1", "2026-01-31T00:00:00Z", "infinity", "-infinity", "epoch", "today", "2026-W05", "٢٠٢٦-٠١-٠١"])
CLOCKS = st.sampled_from(["09:00", "9:00", "24:00", "24:01", "25:00", "09:60", "0900", "09:00:00", "-1:00"])
#: A name in the current folder, however odd, but never a way out of it.
PLACES = TEXT.map(lambda text: text.replace("/", "∕").replace("\x00", "")).map(lambda text: text if text not in (".", "..") else "dots")
YAML = st.one_of(
    TEXT, NUMBERS, st.sampled_from(["{}", "[]", "{a", "&a [*a]", "!!python/object:os.system x", "{? 1}", "{as_of: 2026-04-01}", "{min_segment_size: -1}", "{rmst_horizon_days: .nan}", "{reporting_currency: [1]}"]),
    st.dictionaries(st.sampled_from(["as_of", "min_segment_size", "rmst_horizon_days", "reporting_currency", "disabled_tables"]), st.one_of(TEXT, NUMBERS), max_size=3).map(
        lambda values: "{" + ", ".join(f"{name}: {value}" for name, value in values.items()) + "}"),
)  # fmt: skip

_CONNECTION = {"--profile": TEXT, "--target": st.one_of(TEXT, st.just("elsewhere")), "--vars": YAML, "--profiles-dir": PLACES, "--project-dir": PLACES, "--target-path": PLACES}
_BUILD = {"--select": TEXT, "--exclude": TEXT, "--selector": TEXT, "--threads": NUMBERS, "--full-refresh": None, "--fail-fast": None, "--resource-type": TEXT}
_SHARES = st.one_of(TEXT, st.sampled_from(["a=b", "a=b/c", "buys=orders/visitors", "=/", "a=/", "a=b/c/d", "a=b/a"]))
OPTIONS: dict[str, dict[str, st.SearchStrategy[str] | None]] = {
    "analyze": _CONNECTION,
    "report": {**_CONNECTION, "--output": PLACES},
    "publish": {**_CONNECTION, "--rollback": None, "--publish-folder": PLACES},
    "run": {**_CONNECTION, **_BUILD, "--keep": NUMBERS, "--wait": st.sampled_from(["0", "-1", "nan", "x", "1e999"]), "--publish-folder": PLACES, "--runs-folder": PLACES, "--include-persons": None},
    "build": {**_CONNECTION, **_BUILD},
    "plan": {**_CONNECTION, "--output": st.sampled_from(["table", "json", "xml"])},
    "compare": {
        "--share": _SHARES, "--ratio": _SHARES, "--control": TEXT, "--experiment": TEXT, "--variant-column": TEXT, "--day-column": TEXT, "--split-column": TEXT,
        "--expected-share": st.one_of(TEXT, st.sampled_from(["control=0.5", "control=-1", "control=nan", "x=1"])), "--primary": TEXT, "--guardrail": TEXT, "--decrease": TEXT,
        "--min-lift": NUMBERS, "--max-harm": NUMBERS, "--alpha": NUMBERS, "--before-after": st.one_of(DATES, TEXT), "--output": st.sampled_from(["table", "json", "xml"]),
    },
}  # fmt: skip
ARGUMENTS = {"plan": st.one_of(TEXT, st.just("winner")), "compare": st.one_of(st.sampled_from(["figures.csv", "daily.csv", "figures.parquet", ".", "nowhere"]), PLACES)}


@st.composite
def calls(draw: st.DrawFn) -> list[str]:
    """The arguments of one call."""
    command = draw(st.sampled_from([*OPTIONS, *OPTIONS, "--help", "nothing"]))
    if command not in OPTIONS:
        return [command]
    found = [command]
    if command == "compare" and draw(st.booleans()):
        found += ["daily.csv", "--share=buys=orders/visitors"]
    elif command in ARGUMENTS and draw(st.integers(0, 9)):
        found.append(draw(ARGUMENTS[command]))
    names = sorted(OPTIONS[command].keys() - _CONNECTION.keys() | {"--vars"}) if draw(st.integers(0, 3)) and command != "compare" else sorted(OPTIONS[command])
    for name in draw(st.lists(st.sampled_from(names), max_size=draw(st.sampled_from([0, 1, 2, 5])))):
        values = OPTIONS[command][name]
        value = None if values is None else draw(values)
        found += [name] if value is None else [f"{name}={value}"]  # so that a value that begins with a dash is a value
    if not draw(st.integers(0, 5)):
        found.append(draw(TEXT))
    return found


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    """A file for `compare`: figures per variant, days of counts, or anything."""
    kind = draw(st.sampled_from(["bytes", "rows", "rows", "rows"]))
    if kind == "bytes":
        return draw(st.binary(max_size=400))
    names = st.sampled_from(["variant_id", "variant", "metric_id", "persons", "sum_y", "sum_yy", "mean", "sd", "n", "successes", "day", "orders", "visitors", "experiment_id", "metric_kind", "", "pivot_y"])
    columns = draw(st.lists(st.one_of(names, TEXT), min_size=1, max_size=8))
    rows = draw(st.lists(st.lists(st.one_of(NUMBERS, DATES, st.sampled_from(["control", "new", "conversion", "share", "mean"]), TEXT), min_size=len(columns), max_size=len(columns)), max_size=8))
    text = io.StringIO()
    csv.writer(text).writerows([columns, *rows])
    return text.getvalue().encode("utf-8", "surrogatepass")


@st.composite
def changed_seeds(draw: st.DrawFn, seeds: dict[str, list[dict[str, str]]]) -> dict[str, list[dict[str, str]]]:
    """The project's seeds with many rows added in which a few cells are of all kinds, and some rows gone or twice."""
    found = {name: list(rows) for name, rows in seeds.items()}
    cells = st.one_of(TEXT, NUMBERS, DATES, CLOCKS).filter(is_storable)
    for _ in range(draw(st.integers(1, 40))):
        name = draw(st.sampled_from(sorted(found)))
        rows = found[name]
        if not rows:
            continue
        row = dict(draw(st.sampled_from(rows)))
        what = draw(st.integers(0, 9))
        if what == 0:
            rows.remove(row)
            continue
        if what > 1:
            for column in draw(st.lists(st.sampled_from(sorted(row)), min_size=1, max_size=3)):
                others = st.sampled_from([other[column] for other in seeds[name]])
                row[column] = draw(st.one_of(cells, others))
        rows.append(row)
    return found


def is_storable(text: str) -> bool:
    """Can a database hold this text? Lone surrogates are none."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def write_seeds(folder: Path, seeds: dict[str, list[dict[str, str]]], columns: dict[str, list[str]]) -> None:
    """One CSV file a seed."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in seeds.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns[name])
            writer.writeheader()
            writer.writerows(rows)
