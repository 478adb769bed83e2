"""Every page in a browser: at a desktop's and a phone's width and in print. Skips where no Chromium is installed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import chromium
import pytest
from sites import once

from python_stats.report import FRONT_PAGE, write_site

pytestmark = pytest.mark.skipif(
    chromium.executable() is None,
    reason=f"no Chromium found ({', '.join(chromium.NAMES)}); on Debian: apt-get install chromium fonts-dejavu",
)
FOLDERS = ("plain_folder", "full_folder", "hostile_folder")
WIDTHS = {"desktop": (1280, False), "phone": (390, True)}

# Boxes whose content is wider than they are, and text of pictures that lies over other text or outside of its picture.
FAULTS = """(() => {
  const found = [];
  const hidden = element => element.closest('.skip') || element.closest('thead') && innerWidth < 721;
  if (document.documentElement.scrollWidth > innerWidth) found.push('the page is ' + document.documentElement.scrollWidth + ' wide');
  for (const element of document.querySelectorAll('body *:not(svg *)')) {
    if (hidden(element) || element.closest('.scroll') && innerWidth < 721) continue;
    const style = getComputedStyle(element);
    if (style.display === 'inline' || element.clientWidth === 0) continue;
    if (element.scrollWidth > element.clientWidth + 1) found.push(element.tagName + '.' + element.className + ' cuts: ' + element.textContent.slice(0, 60));
  }
  for (const picture of document.querySelectorAll('svg')) {
    const frame = picture.getBoundingClientRect();
    const texts = [...picture.querySelectorAll('text')].map(text => [text.textContent, text.getBoundingClientRect()])
      .filter(([, box]) => box.width > 0);
    texts.forEach(([words, box], index) => {
      if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 2 || box.bottom > frame.bottom + 2)
        found.push('outside of its picture: ' + words);
      for (const [other, its] of texts.slice(index + 1))
        if (Math.min(box.right, its.right) - Math.max(box.left, its.left) > 1 && Math.min(box.bottom, its.bottom) - Math.max(box.top, its.top) > 2)
          found.push(words + ' over ' + other);
    });
  }
  return found;
})()"""


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[chromium.Tab]:
    pytest.importorskip("websocket", reason="the dev extra is not installed")
    with chromium.browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture(params=FOLDERS)
def written(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    write_site(tmp_path / "out", once(request.getfixturevalue(request.param)))
    return tmp_path / "out"


@pytest.mark.parametrize("device", WIDTHS)
def test_pages_open_without_a_fault(tab: chromium.Tab, written: Path, device: str) -> None:
    width, is_phone = WIDTHS[device]
    tab.size(width, is_phone=is_phone)
    for page in sorted(written.glob("*.html")):
        tab.open(page)
        assert tab.value("document.querySelector('h1').textContent.trim().length") > 0
        assert (page.name, tab.faults, tab.requests) == (page.name, [], [])
        assert (page.name, tab.value(FAULTS)) == (page.name, [])


def test_captions_are_as_wide_as_their_table(tab: chromium.Tab, written: Path) -> None:
    tab.size(400, is_phone=True)
    for page in sorted(written.glob("*.html")):
        tab.open(page)
        widths = "[...document.querySelectorAll('caption')].map(one => one.offsetWidth / one.parentElement.offsetWidth)"
        assert (page.name, [part for part in tab.value(widths) if part < 0.9]) == (page.name, [])


def test_every_page_is_reached_by_following_links(tab: chromium.Tab, written: Path) -> None:
    tab.size(1280)
    seen: set[str] = set()
    waiting = [FRONT_PAGE]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        tab.open(written / name)
        links = tab.value("[...document.links].map(link => [link.protocol, link.pathname, link.hash])")
        assert {protocol for protocol, _, _ in links} == {"file:"}
        waiting += [Path(path).name for _, path, _ in links]
    assert seen == {page.name for page in written.glob("*.html")}


def test_the_scorecard_prints_on_one_page(tab: chromium.Tab, written: Path, request: pytest.FixtureRequest) -> None:
    if "hostile" in request.node.name:
        pytest.skip("texts of ten kilobytes may take a second page")
    tab.open(written / FRONT_PAGE)
    assert _pages(tab.pdf()) == 1


@pytest.mark.parametrize("written", ["plain_folder"], indirect=True)
def test_the_library_is_searched(tab: chromium.Tab, written: Path) -> None:
    def shown() -> Any:
        return tab.value(
            "[...document.querySelectorAll('#library tbody tr')].filter(row => !row.hidden).map(row => row.querySelector('a').textContent)"
        )

    def enter(field: str, value: str) -> None:
        tab.value(
            f"(() => {{ const field = document.getElementById('{field}'); field.value = '{value}'; field.dispatchEvent(new Event('input')); }})()"
        )

    tab.open(written / "library.html")
    assert sorted(shown()) == ["Crooked", "Harmful", "Winner", "Young"]
    enter("search", "harmful ORDERS")
    assert shown() == ["Harmful"] and tab.value("document.getElementById('found').textContent") == "1 of 4 shown"
    enter("search", "")
    enter("verdict", "invalid")
    assert shown() == ["Crooked"]
    enter("kind", "no such kind")
    enter("verdict", "")
    assert sorted(shown()) == ["Crooked", "Harmful", "Winner", "Young"]  # a choice that does not exist is no choice
    assert tab.faults == []


def test_the_tests_above_see_faults(tab: chromium.Tab, tmp_path: Path) -> None:
    page = tmp_path / "bad.html"
    page.write_text(
        "<h1>x</h1><script>console.error('no')</script><script>throw new Error('x')</script><img src='missing.png'>"
        "<div style='width:50px'>nowordissolongthatitcouldnotbebroken</div>"
        "<svg width='90' height='20'><text x='2' y='12'>one</text><text x='4' y='12'>two</text><text x='80' y='12'>cut off</text></svg>"
        "<p style='page-break-before:always'>two</p>"
    )
    tab.size(1280)
    tab.open(page)
    assert any("no" in fault for fault in tab.faults) and any("Uncaught" in fault for fault in tab.faults)
    assert [Path(address).name for address in tab.requests] == ["missing.png"]
    found = " | ".join(tab.value(FAULTS))
    assert "cuts: noword" in found and "one over two" in found and "outside of its picture: cut off" in found
    assert _pages(tab.pdf()) == 2


def _pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))
