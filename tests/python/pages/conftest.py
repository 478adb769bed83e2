"""Warehouses to write pages from: the handmade one, a full one, and one in which every text is hostile."""

from __future__ import annotations

import shutil
from pathlib import Path

import handmade_pages
import pytest
from handmade_warehouse import marts
from sites import AGAIN, HOSTILE, LONG, made, renamed


@pytest.fixture(scope="session")
def plain_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("plain") / "project", marts(), handmade_pages.rows())


@pytest.fixture(scope="session")
def full_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight experiments: as many as the scorecard shows."""
    one, other = marts(), renamed(marts(), {name: f"{name}_again" for name in ("winner", "harmful", "crooked", "young")})
    for mart in one:
        if one[mart] and "experiment_id" in one[mart][0]:
            one[mart] = one[mart] + other[mart]
    return made(tmp_path_factory.mktemp("full") / "project", one, handmade_pages.rows())


@pytest.fixture(scope="session")
def hostile_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    one, other = renamed(marts(), HOSTILE), renamed(marts(), {name: AGAIN.get(name, name + "'") for name in HOSTILE})
    for mart in one:
        if one[mart] and "experiment_id" in one[mart][0]:
            one[mart] = one[mart] + other[mart]
    step, journey = "<svg onload=alert(1)>", "a;b=c%3B" + LONG
    for mart in ("friction_cost", "cfg_journey_steps"):
        for row in one[mart]:
            row |= {"step_id": step, "journey_id": journey}
    return made(tmp_path_factory.mktemp("hostile") / "project", one, handmade_pages.rows(step, journey, "javascript:alert('x')"))


@pytest.fixture
def page_project(plain_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy to change, as the current folder."""
    folder = Path(shutil.copytree(plain_folder, tmp_path / "project"))
    monkeypatch.chdir(folder)
    return folder
