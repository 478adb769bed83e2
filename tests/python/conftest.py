"""Project folders with the handmade warehouse in them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import postgres_server
import pytest
from handmade_warehouse import marts, write_database, write_project


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgres_server.Server]:
    """A PostgreSQL server of the test run's own."""
    try:
        with postgres_server.running() as server:
            yield server
    except postgres_server.NoServerError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project folder with a filled warehouse, to copy from."""
    folder = write_project(tmp_path_factory.mktemp("filled") / "project")
    write_database(folder / "w.duckdb", marts())
    return folder


@pytest.fixture(scope="session")
def analyzed(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after `analyze`, to copy from."""
    from python_stats import pipeline
    from python_stats.analysis import Options
    from python_stats.project import Flags, open_project
    from python_stats.warehouse import open_warehouse

    folder = Path(shutil.copytree(filled, tmp_path_factory.mktemp("analyzed") / "project"))
    with open_warehouse(open_project(Flags(project_dir=str(folder), profiles_dir=str(folder)))) as opened:
        pipeline.run(opened, Options())
    return folder


@pytest.fixture
def project(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with a filled warehouse, as the current folder."""
    return _entered(filled, tmp_path, monkeypatch)


@pytest.fixture
def analyzed_project(analyzed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same after `analyze`."""
    return _entered(analyzed, tmp_path, monkeypatch)


def _entered(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("DBT_PROFILES_DIR", "DBT_PROJECT_DIR", "DBT_PROFILE", "DBT_TARGET", "DBT_TARGET_PATH", "EMPATHY_ROI_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    folder = Path(shutil.copytree(source, tmp_path / "project"))
    monkeypatch.chdir(folder)
    return folder
