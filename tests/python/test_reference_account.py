"""Every known answer is asked for by a test, or it says here why not."""

from __future__ import annotations

import fnmatch
import json
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2].parent / "shared" / "reference" / "reference_values.json"

# by tests/python/test_reference_values.py, unless another file is named
ASKED = {
    "welch/*/t", "welch/*/p", "welch/*/ci", "welch/*/rel_ci_fieller_?",
    "two_prop/*/ci_newcombe", "two_prop/*/ci_wald", "two_prop/*/unpooled_p",
    "ratio/abs_*", "ratio/rel_ci_fieller_t",
    "cuped/theta_total", "cuped/abs_*", "cuped/rel_point_definitions",
    "factorial/*", "multiplicity/holm", "multiplicity/bh", "multiplicity/bonferroni", "srm/*", "sequential/*", "group_sequential/*", "roi/*",
    "survival/km/*", "survival/rmst/6mp/*", "survival/rmst/placebo/*", "survival/rmst_diff/*", "survival/logrank_*", "survival/median/*",
    "samplesize/*/unpooled", "samplesize/ttest_d0.1",  # tests/python/estimators/test_planning.py
    "traps/gbstats",
}  # fmt: skip
NOT_IN_THE_PRODUCT = {
    "two_prop/*/pooled_?": "the pooled z test: shares are compared by Welch's t on 0 and 1, as specified",
    "two_prop/*/ci_agresti_caffo": "another interval of two shares; specified is Newcombe's",
    "two_prop/*/ci_miettinen_nurminen": "another interval of two shares; specified is Newcombe's",
    "two_prop/*/ci_mee_farrington_manning": "another interval of two shares; specified is Newcombe's",
    "two_prop/*/rel_lift_ci_log": "Katz's interval: relative intervals are Fieller's, which cannot contradict the p-value",
    "*/rel_ci_delta": "a symmetric relative interval contradicts the p-value; specified is Fieller's",
    "*/rel_ci_log": "an interval on the log scale contradicts the p-value; specified is Fieller's",
    "cuped/rel_ci": "recorded only: three packages, three answers, none of them Fieller's",
    "multiplicity/by": "specified are Holm and Benjamini-Hochberg",
    "multiplicity/hochberg": "specified are Holm and Benjamini-Hochberg",
    "multiplicity/hommel": "specified are Holm and Benjamini-Hochberg",
    "multiplicity/holm_sidak": "specified are Holm and Benjamini-Hochberg",
    "samplesize/*/pooled_null": "plans for the pooled z test, which is not made",
    "samplesize/*/arcsine": "plans for Cohen's h, which is not tested",
    "survival/rmst/waltons*": "needs a data set that comes with lifelines, which is no part of the tests; the same formula is asked above",
    "quantile/order_stat_ci": "ranks of raw values: the marts hold life tables, from which quantiles are read",
    "quantile/gbstats_variance": "a variance from order statistics, likewise",
}


def test_every_known_answer_is_accounted_for() -> None:
    if not SOURCE.is_file():
        pytest.skip(f"known answers are not here: {SOURCE}")
    names = json.loads(SOURCE.read_text(encoding="utf-8"))["references"].keys()

    def fits(name: str, patterns: set[str] | dict[str, str]) -> bool:
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)

    assert not [name for name in names if fits(name, ASKED) == fits(name, NOT_IN_THE_PRODUCT)]
    assert not [pattern for pattern in (*ASKED, *NOT_IN_THE_PRODUCT) if not fnmatch.filter(names, pattern)]
