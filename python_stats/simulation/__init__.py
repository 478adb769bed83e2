"""A simulated business whose every true effect is known: raw tables as the contract wants them, and `truth.json`."""

from python_stats.simulation.generate import SimulationSummary, simulate
from python_stats.simulation.seeds import write_seeds
from python_stats.simulation.truth import truth

__all__ = ["SimulationSummary", "simulate", "truth", "write_seeds"]
