"""Empathy ROI: from experiment marts to verdicts, money and a scorecard.

The mathematics (`estimators`) knows no warehouse, no dbt and no HTML; what reads the warehouse knows no mathematics; only the
command line knows all.
"""

__version__ = "0.1.0"
