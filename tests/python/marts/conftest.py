"""One set of adversarial raw rows and one build of it, shared by the tests of the marts."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from builds import (
    GENERATOR,
    VARIABLES,
    Inputs,
    build,
    cost_a_channel_in_dollars,
    declare_all_metrics,
    declare_backlog,
    generate_by_oracle,
    generate_by_simulation,
)


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    """Raw rows and seeds in which every experiment declares every metric.

    They are the oracle's, or, without an oracle beside the project or with EMPATHY_ROI_TEST_ROWS=simulation, those of the
    project's own simulation.
    """
    folder = tmp_path_factory.mktemp("rows")
    if GENERATOR.is_file() and os.environ.get("EMPATHY_ROI_TEST_ROWS", "oracle") == "oracle":
        made = generate_by_oracle(folder, persons=200, days=100, seed=3)
        declare_all_metrics(made.seeds)
        declare_backlog(made.seeds)
        cost_a_channel_in_dollars(made.seeds)
        return replace(made, variables=VARIABLES)
    made = generate_by_simulation(folder, events=5_000, days=100, seed=3)
    declare_all_metrics(made.seeds)
    declare_backlog(made.seeds)
    cost_a_channel_in_dollars(made.seeds)
    return replace(made, variables=VARIABLES)


@pytest.fixture(scope="session")
def built(inputs: Inputs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of the build that the others are compared with; four threads."""
    return build(tmp_path_factory.mktemp("built") / "built.duckdb", inputs, threads=4, artifacts=True)
