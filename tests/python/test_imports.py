"""Importing the library is cheap: the heavy parts of SciPy, dbt and DuckDB come only when something needs them."""

from __future__ import annotations

import subprocess
import sys

import pytest

EVERY_ESTIMATOR = """
import importlib, pkgutil, sys
import python_stats.estimators as package
for module in pkgutil.iter_modules(package.__path__):
    importlib.import_module(f"{package.__name__}.{module.name}")
"""
HEAVY = "scipy.stats scipy.optimize scipy.integrate scipy.linalg pandas duckdb dbt jinja2".split()


@pytest.mark.parametrize(
    "statement", ["import sys, python_stats", EVERY_ESTIMATOR, "import sys, python_stats.analysis, python_stats.verdicts, python_stats.money"]
)
def test_no_heavy_package_comes_along(statement: str) -> None:
    code = f"{statement}\nprint(*sorted(name for name in sys.modules if name in {HEAVY!r}))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []


def test_the_check_sees_a_heavy_package() -> None:
    code = f"import sys, scipy.stats\nprint(*(name for name in sys.modules if name in {HEAVY!r}))"
    assert "scipy.stats" in subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
