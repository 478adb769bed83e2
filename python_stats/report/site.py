"""All pages together: rendered before any is written, each put in place whole."""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from python_stats.errors import UserError
from python_stats.report import backlog, experiment, friction, handover, library, messaging, metrics, scorecard
from python_stats.report.page import NAVIGATION, Page
from python_stats.report.traced import Source
from python_stats.warehouse import Warehouse
from python_stats.wording import noun

FRONT_PAGE = "scorecard.html"
_OURS = '<meta name="generator" content="empathy-roi">'


def render_site(warehouse: Warehouse, currency: str, cost_window_days: float = 28) -> dict[str, str]:
    """The pages as HTML by file name; the same marts give the same bytes.

    Args:
        warehouse: with the marts.
        currency: in which money is written.
        cost_window_days: the project's variable: over how many days friction is counted.

    Raises:
        UserError: where `analyze` has not run yet.
    """
    if not warehouse.has("experiment_decisions"):
        raise UserError("experiment_decisions: no such table; run 'empathy-roi analyze' first")
    source = Source(warehouse, currency, cost_window_days)
    pages: list[Page] = [
        scorecard.page(source),
        *experiment.pages(source),
        friction.page(source),
        handover.page(source),
        messaging.page(source),
        metrics.page(source),
        backlog.page(source),
        *library.pages(source),
    ]
    as_of = source.rows_if_there("as_of", ["as_of"], [])
    runs = source.rows_if_there("experiment_decisions", ["run_id"], ["experiment_id"])
    common = {"as_of": as_of[0] if as_of else None, "run": runs[0] if runs else None}
    return {page.file: _rendered(page, common) for page in pages}


def write_site(folder: Path, pages: Mapping[str, str]) -> None:
    """Write the pages into a folder, all or none; pages of an earlier run that are no longer made are taken away.

    Raises:
        UserError: a folder that cannot be written.
    """
    unfinished = {name: folder / f".{name}.part" for name in pages}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in pages.items():
            unfinished[name].write_text(content, encoding="utf-8", newline="\n")
        for name, path in unfinished.items():
            path.replace(folder / name)
        for old in _stale(folder, pages):
            old.unlink()
    except OSError as error:
        for path in unfinished.values():
            with suppress(OSError):
                path.unlink()
        raise UserError(f"--output {folder}: cannot be written ({error.strerror})") from error


def _stale(folder: Path, pages: Mapping[str, str]) -> Iterable[Path]:
    """Pages that an earlier run made: only what says so itself, so that nobody's own file is touched."""
    for path in sorted([*folder.glob("experiment-*.html"), *folder.glob("library-*.html")]):
        if path.name not in pages and _OURS in path.read_text(encoding="utf-8", errors="replace")[:1000]:
            yield path


def _rendered(page: Page, common: Mapping[str, Any]) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("python_stats"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["noun"] = noun
    script, source = "", "'none'"
    if page.script:
        assert environment.loader is not None
        script = environment.loader.get_source(environment, page.script)[0]
        source = f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
    return environment.get_template(page.template).render(
        **common,
        **page.content,
        title=page.title,
        section=page.section,
        navigation=NAVIGATION,
        script=Markup(script),  # noqa: S704 -- our own file; the page's policy lets run what has its hash, and nothing else
        script_source=Markup(source),  # noqa: S704 -- a hash
    )
