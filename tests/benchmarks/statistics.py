"""The statistics side by side with known packages, in one run: CPU seconds of this process, and the same answers.

    make bench-stats            the table, to the screen
    make bench-stats WRITE=1    and into docs/benchmarks.md

Runs in an environment of its own (requirements-bench.lock): gbstats, tea-tasting, lifelines, statsmodels. Ends with 1 where a promise
is missed: 2 µs a comparison, 15 times less CPU than lifelines, 0.3 s to import beyond NumPy and scipy.special.
"""

from __future__ import annotations

import argparse
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np

from python_stats.estimators.comparison import Comparison, compare
from python_stats.estimators.durations import bucketed
from python_stats.estimators.log_rank import log_rank
from python_stats.estimators.moments import sample_of_means
from python_stats.estimators.survival import bucket_times, during_bucket, longest_observed, sample_of_restricted_means

PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
BEGIN, END = "<!-- make bench-stats WRITE=1 -->", "<!-- end of make bench-stats -->"
MOST_MICROSECONDS, LEAST_FACTOR, MOST_IMPORT = 2.0, 15.0, 0.3
PERSONS, SHARE, DAY = 10_000, 0.1, 86400.0
TICKETS = 5_000_000

Row = tuple[str, str, str]  # what, who, how much


def cpu(work: Callable[[], object], least_seconds: float = 0.0) -> tuple[float, object]:
    """CPU seconds of one call (the mean over as many as fill `least_seconds`), and its result."""
    calls, started = 0, time.process_time()
    while True:
        result = work()
        calls += 1
        spent = time.process_time() - started
        if spent >= least_seconds:
            return spent / calls, result


# ------------------------------------------------------------------------------------------------------------- two samples


def ours(x_control: np.ndarray, x_variant: np.ndarray) -> Comparison:
    """From sums shifted by 0.1 to both intervals and the p-value."""
    size, pivot = np.full(x_control.shape, float(PERSONS)), np.full(x_control.shape, 0.1)
    arms = (sample_of_means(size, pivot, x - 0.1 * PERSONS, x * 0.8 + 0.01 * PERSONS) for x in (x_control, x_variant))
    return compare(*arms, np.full(x_control.shape, 0.05))


def with_gbstats(x_control: np.ndarray, x_variant: np.ndarray) -> list[float]:
    from gbstats.frequentist.tests import FrequentistConfig, TwoSidedTTest
    from gbstats.models.statistics import SampleMeanStatistic

    def one(x: float) -> SampleMeanStatistic:
        return SampleMeanStatistic(n=PERSONS, sum=x, sum_squares=x)

    config = FrequentistConfig(difference_type="absolute")
    return [TwoSidedTTest(one(a), one(b), config).compute_result().p_value for a, b in zip(x_control, x_variant, strict=True)]


def with_tea_tasting(x_control: np.ndarray, x_variant: np.ndarray) -> list[float]:
    import tea_tasting
    from tea_tasting.aggr import Aggregates

    def one(x: float) -> Aggregates:
        share = x / PERSONS
        return Aggregates(count_=PERSONS, mean_={"y": share}, var_={"y": share * (1 - share) * PERSONS / (PERSONS - 1)})

    metric = tea_tasting.Mean("y")
    return [metric.analyze_aggregates(one(a), one(b)).pvalue for a, b in zip(x_control, x_variant, strict=True)]


def with_statsmodels(x_control: np.ndarray, x_variant: np.ndarray) -> list[float]:
    """Proportions only: its t test wants the persons themselves."""
    from statsmodels.stats.proportion import confint_proportions_2indep

    return [confint_proportions_2indep(b, PERSONS, a, PERSONS, method="newcomb")[0] for a, b in zip(x_control, x_variant, strict=True)]


def comparisons() -> tuple[list[Row], list[str]]:
    rng = np.random.default_rng(1)
    rows: list[Row] = []
    missed: list[str] = []
    fastest = np.inf
    for size in (1_000, 10_000, 100_000):
        x = rng.binomial(PERSONS, SHARE, (2, size)).astype(float)
        ours(*x)
        each = cpu(lambda x=x: ours(*x), 1.0)[0] / size * 1e6
        fastest = min(fastest, each)
        rows.append((f"a two-sample comparison, {size:,} in one call", "Empathy ROI", f"{each:.2f} µs"))
        if each > MOST_MICROSECONDS:
            missed.append(f"{each:.2f} µs a comparison in arrays of {size}, at most {MOST_MICROSECONDS}")
    few = x[:, :300]
    expected = ours(*few)
    for name, work, mine in (
        ("gbstats", with_gbstats, expected.p_value),
        ("tea-tasting", with_tea_tasting, expected.p_value),
        ("statsmodels", with_statsmodels, None),
    ):
        work(*few[:, :2])  # imports
        spent, found = cpu(lambda work=work: work(*few), 0.3)
        each = spent / few.shape[1] * 1e6
        note = "Newcombe's interval only" if mine is None else f"p-values agree to {np.max(np.abs(np.array(found) - mine)):.0e}"
        rows.append((f"the same, one by one ({note})", f"{name} {version(name)}", f"{each:,.0f} µs, {each / fastest:,.0f} ×"))
        if mine is not None and not np.allclose(found, mine, atol=1e-8):
            missed.append(f"p-values differ from {name}")
    return rows, missed


# ---------------------------------------------------------------------------------------------------------------- survival


def tickets(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Seconds to resolution or to now, whether resolved, and the arm, of every ticket: whole seconds, 30 % open."""
    variant = rng.random(TICKETS) < 0.5
    resolved = np.floor(rng.exponential(np.where(variant, 18, 20) * 3600.0))
    now = np.floor(rng.exponential(46 * 3600.0, TICKETS))
    return np.minimum(resolved, now), resolved <= now, variant


def life_tables(seconds: np.ndarray, is_event: np.ndarray, variant: np.ndarray) -> tuple[np.ndarray, ...]:
    """What experiment_life_tables holds, counted from durations: bucket middles, at risk on average, events, and all that ended."""
    found = bucketed(seconds, is_event, variant.view(np.int8))
    at_risk = during_bucket(found.at_risk, found.censored, found.start, found.end)
    return bucket_times(found.start, found.end), at_risk, found.events, found.events + found.censored


def restricted(times: np.ndarray, at_risk: np.ndarray, events: np.ndarray, ended: np.ndarray) -> Comparison:
    """Difference in restricted mean time up to 3 days."""
    horizon = np.full(2, min(3 * DAY, float(longest_observed(times, ended).min())))
    sample = sample_of_restricted_means(times, at_risk, events, ended.sum(axis=1), horizon)
    arms = [type(sample)(sample.persons[i : i + 1], sample.value[i : i + 1], sample.variance[i : i + 1], sample.status[i : i + 1]) for i in (0, 1)]
    return compare(*arms, np.array([0.05]), normal=True)


def with_lifelines(seconds: np.ndarray, is_event: np.ndarray, variant: np.ndarray) -> tuple[float, float]:
    """Two curves and their restricted means, and the log-rank test."""
    from lifelines import KaplanMeierFitter
    from lifelines.statistics import logrank_test
    from lifelines.utils import restricted_mean_survival_time

    means = []
    for arm in (~variant, variant):
        curve = KaplanMeierFitter().fit(seconds[arm], is_event[arm])
        means.append(restricted_mean_survival_time(curve, t=3 * DAY))
    test = logrank_test(seconds[~variant], seconds[variant], is_event[~variant], is_event[variant])
    return means[1] - means[0], test.test_statistic


def survival() -> tuple[list[Row], list[str]]:
    data = tickets(np.random.default_rng(2))
    raw, tables = cpu(lambda: life_tables(*data))
    restricted(*tables)  # imports
    spent, found = cpu(lambda: restricted(*tables), 0.2)
    _, at_risk, events, _ = tables
    test, ours_tested = cpu(lambda: log_rank(at_risk[:1], events[:1], at_risk[1:], events[1:]), 0.1)
    spent += test
    with_lifelines(*(column[:1000] for column in data))  # imports
    theirs, (difference, chi_square) = cpu(lambda: with_lifelines(*data))
    effect = float(found.effect[0])
    factor = theirs / (raw + spent)
    rows = [
        (f"survival of {TICKETS:,} tickets, from each ticket's seconds", "Empathy ROI", f"{raw + spent:.2f} s (bucketing {raw:.2f} s)"),
        (f"the same (restricted means {effect:.0f} s apart here, {difference:.0f} s there; log-rank χ² {float(ours_tested.chi_square[0]):.0f}, {chi_square:.0f})", f"lifelines {version('lifelines')}",
         f"{theirs:.2f} s, {factor:.0f} ×"),
        ("the same, from the mart's life tables", "Empathy ROI", f"{spent * 1e6:,.0f} µs"),
    ]
    missed = [] if factor >= LEAST_FACTOR else [f"only {factor:.1f} times less CPU than lifelines"]
    if abs(effect - difference) > 30 + 0.01 * abs(difference):
        missed.append("restricted means differ from lifelines")
    return rows, missed


# ------------------------------------------------------------------------------------------------------------------ import


def import_seconds(statement: str) -> float:
    """CPU of a fresh interpreter that runs the statement, the least of seven."""
    found = []
    for _ in range(7):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", statement], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(found)


def imports() -> tuple[list[Row], list[str]]:
    base = import_seconds("import numpy, scipy.special")
    library = "import pkgutil, importlib, python_stats.estimators as e; [importlib.import_module(e.__name__ + '.' + m.name) for m in pkgutil.iter_modules(e.__path__)]"
    rows = [("import, CPU of a fresh interpreter", "numpy, scipy.special", f"{base:.2f} s")]
    missed = []
    for name, statement in (("every estimator", library), ("the analysis and the verdicts", "import python_stats.analysis, python_stats.verdicts, python_stats.money")):
        more = import_seconds(f"import numpy, scipy.special; {statement}") - base
        rows.append(("import, on top of these", f"Empathy ROI, {name}", f"{more:.2f} s"))
        if more > MOST_IMPORT:
            missed.append(f"importing {name} takes {more:.2f} s of CPU beyond NumPy and scipy.special, at most {MOST_IMPORT}")
    for name, module in (("scipy.stats", "scipy.stats"), ("gbstats", "gbstats.frequentist.tests"), ("tea-tasting", "tea_tasting"), ("lifelines", "lifelines"), ("statsmodels", "statsmodels.api")):
        rows.append(("import, on top of these", name, f"{import_seconds(f'import numpy, scipy.special, {module}') - base:.2f} s"))
    return rows, missed


def table(rows: list[Row]) -> str:
    head = f"Python {platform.python_version()}, NumPy {version('numpy')}, SciPy {version('scipy')}; CPU time, one run, side by side."
    return "\n".join([head, "", "| | | CPU |", "|---|---|--:|", *(f"| {' | '.join(row)} |" for row in rows)])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    options = parser.parse_args()
    rows: list[Row] = []
    missed: list[str] = []
    for part in (comparisons, survival, imports):
        found, failures = part()
        rows += found
        missed += failures
    text = table(rows)
    print(text)
    if options.write:
        page = PAGE.read_text()
        before, after = page.split(BEGIN)[0], page.split(END)[1]
        PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")
    for failure in missed:
        print(f"MISSED: {failure}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
