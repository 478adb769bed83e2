"""Empathy ROI: from experiment marts to verdicts, money and a scorecard.

The mathematics (`estimators`) knows no warehouse, no dbt and no HTML; what reads the warehouse knows no mathematics; only the
command line knows all. As a library: see `python_stats.library` and docs/library.md.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from python_stats.library import (
        Effects,
        Gain,
        LifeTables,
        RatioSums,
        SampleSizes,
        Split,
        compare_means,
        compare_ratios,
        compare_shares,
        compare_times,
        life_tables,
        plan_mean,
        plan_share,
        sample_ratio,
        worth,
    )

__version__ = "0.1.0"

__all__ = [
    "Effects",
    "Gain",
    "LifeTables",
    "RatioSums",
    "SampleSizes",
    "Split",
    "compare_means",
    "compare_ratios",
    "compare_shares",
    "compare_times",
    "life_tables",
    "plan_mean",
    "plan_share",
    "sample_ratio",
    "worth",
]


def __getattr__(name: str) -> Any:
    """The library's names, loaded when one is first asked for: the command line starts without them."""
    if name in __all__:
        from python_stats import library

        return getattr(library, name)
    raise AttributeError(f"module 'python_stats' has no attribute '{name}'")
