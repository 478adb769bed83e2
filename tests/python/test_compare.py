"""`empathy-roi compare`: files of aggregates in, the same read-out out; one clear line for what cannot be used."""

from __future__ import annotations

import json
import math
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from click.testing import CliRunner, Result

from python_stats.cli import main

PUBLIC = Path(__file__).resolve().parents[2].parent / "shared" / "real_data"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["compare", *map(str, arguments)])


def found(*arguments: object) -> dict[str, Any]:
    result = run(*arguments, "--output", "json")
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.output, parse_constant=lambda text: pytest.fail(f"{text} in the output"))
    return answer


def written(folder: Path, text: str) -> Path:
    path = folder / "counts.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_free_trial_screener() -> None:
    """Published: gross −0.0206 (−0.0291 … −0.0120), net −0.0049 (−0.0116 … 0.0019), over the 23 days that have outcomes."""
    if not (PUBLIC / "free_trial_screener.csv").is_file():
        pytest.skip(f"public data is not here: {PUBLIC}")
    expected = json.loads((PUBLIC / "expected.json").read_text(encoding="utf-8"))["expected"]["free_trial_screener"]
    answer = found(
        PUBLIC / "free_trial_screener.csv",
        *("--share", "gross_conversion=Enrollments/Clicks", "--share", "net_conversion=Payments/Clicks"),
        *("--share", "click_through=Clicks/Pageviews", "--split-column", "Pageviews"),
    )
    rows = {row["metric_id"]: row for row in answer["results"]}
    assert set(rows) == {"gross_conversion", "net_conversion", "click_through"}
    for name, row in rows.items():
        for field, column in (
            ("n_control", "n_control"),
            ("n_treatment", "n_variant"),
            ("diff", "effect"),
            ("rel_lift", "relative_effect"),
        ):
            assert row[column] == pytest.approx(expected[f"{name}.{field}"]["value"], abs=1e-7)
        for field, column in (
            ("ci_low", "ci_low"),
            ("ci_high", "ci_high"),
            ("newcombe_low", "score_ci_low"),
            ("newcombe_high", "score_ci_high"),
        ):
            assert row[column] == pytest.approx(expected[f"{name}.{field}"]["value"], abs=1e-5)
    for name, low, effect, high in (("gross_conversion", -0.0291, -0.0206, -0.0120), ("net_conversion", -0.0116, -0.0049, 0.0019)):
        assert [round(rows[name][column], 4) for column in ("ci_low", "effect", "ci_high")] == [low, effect, high]
    assert answer["split"]["p_value"] == pytest.approx(expected["sanity.Pageviews.p"]["value"], rel=1e-4)
    assert "gross_conversion: 14 of 37 days left out, where a variant lacks a count" in answer["notes"]


def test_the_day_as_the_unit_is_wider_than_the_click() -> None:
    if not (PUBLIC / "free_trial_screener.csv").is_file():
        pytest.skip(f"public data is not here: {PUBLIC}")
    answer = found(PUBLIC / "free_trial_screener.csv", "--share", "s=Enrollments/Clicks", "--ratio", "r=Enrollments/Clicks")
    share, ratio = sorted(answer["results"], key=lambda row: row["metric_id"], reverse=True)
    assert (share["method"], ratio["method"], ratio["n_control"]) == ("welch", "paired_days", 23)
    assert ratio["effect"] == pytest.approx(share["effect"], rel=1e-12)
    assert ratio["ci_high"] - ratio["ci_low"] > share["ci_high"] - share["ci_low"]


STATISTICS = "variant_id,metric_id,metric_kind,persons,numerator\nold,conversion,share,10000,1000\nnew,conversion,share,10000,1120\n"


def test_statistics_of_a_share_and_a_verdict(tmp_path: Path) -> None:
    answer = found(written(tmp_path, STATISTICS), "--control", "old", "--min-lift", 0.05, "--max-harm", 0.05)
    (row,) = answer["results"]
    assert row["effect"] == pytest.approx(0.012)
    spread = 0.1 * 0.9 / 9999 + 0.112 * 0.888 / 9999
    assert row["standard_error"] == pytest.approx(math.sqrt(spread), rel=1e-9)
    assert (answer["evidence"], answer["verdict"]["verdict"], answer["split"]["is_sound"]) == ("experiment", "ship", True)


def test_an_unsound_split_invalidates(tmp_path: Path) -> None:
    path = written(tmp_path, STATISTICS.replace("new,conversion,share,10000", "new,conversion,share,11000"))
    assert found(path, "--control", "old", "--min-lift", 0.05, "--max-harm", 0.05)["verdict"]["verdict"] == "invalid"
    shares = ("--expected-share", "old=0.476", "--expected-share", "new=0.524")
    assert found(path, "--control", "old", *shares)["split"]["is_sound"]


def test_means_and_standard_deviations(tmp_path: Path) -> None:
    """What a paper's table gives; Welch's t by hand."""
    path = written(
        tmp_path, "variant,metric_id,persons,mean,standard_deviation\ncontrol,spend,100,10,4\na,spend,120,11.5,5\nb,spend,2,9,1\n"
    )
    rows = {row["variant_id"]: row for row in found(path)["results"]}
    spread = 16 / 100 + 25 / 120
    assert rows["a"]["effect"] / rows["a"]["standard_error"] == pytest.approx(1.5 / math.sqrt(spread), rel=1e-12)
    assert rows["a"]["alpha"] == 0.025  # two variants share it
    assert set(rows) == {"a", "b"}


def test_a_column_called_metric_names_the_metric(tmp_path: Path) -> None:
    rows = "variant,metric,persons,numerator\na,clicks,100,20\nb,clicks,100,30\na,orders,100,2\nb,orders,100,9\n"
    path = written(tmp_path, rows)
    assert [row["metric_id"] for row in found(path, "--control", "a", "--guardrail", "orders")["results"]] == ["clicks", "orders"]


@pytest.mark.parametrize(("persons", "told"), [(10_000, "p = 1.0000"), (11_000, "p < 0.0001")])
def test_a_small_p_of_the_split_reads_well(tmp_path: Path, persons: int, told: str) -> None:
    path = written(tmp_path, STATISTICS.replace("new,conversion,share,10000", f"new,conversion,share,{persons}"))
    assert f", {told})" in run(path, "--control", "old").output


WINDOWS = "variant_id,metric_window,persons,numerator\n" + "".join(
    f"{variant},{window},10000,{count}\n"
    for variant, window, count in (("old", 7, 1000), ("new", 7, 1000), ("old", 30, 2000), ("new", 30, 2300), ("old", 100, 3000), ("new", 100, 3000))
)


@pytest.mark.parametrize(
    "text,arguments,window,verdict",
    [
        (WINDOWS, (), "100", "stop_futile"),
        (WINDOWS, ("--window", "30"), "30", "ship"),
        (WINDOWS, ("--window", "7"), "7", "hold"),
        (WINDOWS + "old,all,10000,4000\nnew,all,10000,4600\n", (), "all", "ship"),
        (WINDOWS + "old,,10000,4000\nnew,,10000,4600\n", ("--window", "all"), "all", "ship"),
        (WINDOWS.replace(",30,", ",30.0,"), ("--window", "30"), "30", "ship"),
    ],
)
def test_one_window_gives_the_verdict_and_is_named(tmp_path: Path, text: str, arguments: tuple[str, ...], window: str, verdict: str) -> None:
    answer = found(written(tmp_path, text), "--control", "old", "--min-lift", 0.05, "--max-harm", 0.05, *arguments)
    assert [row["metric_window"] for row in answer["results"] if row["is_decision"]] == [window]
    assert answer["verdict"]["verdict"] == verdict
    (note,) = answer["notes"]
    assert note.startswith(f"window: {window} days (") and note.endswith("count for the verdict")


def test_one_window_needs_no_word(tmp_path: Path) -> None:
    assert found(written(tmp_path, STATISTICS), "--control", "old")["notes"] == []


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
@pytest.mark.parametrize("option", ["--alpha", "--min-lift", "--max-harm"])
@pytest.mark.parametrize("form", ["table", "json"])
def test_thresholds_are_finite_numbers(tmp_path: Path, option: str, value: str, form: str) -> None:
    given = {"--min-lift": "0.05", "--max-harm": "0.05"} | {option: value}
    result = run(written(tmp_path, STATISTICS), "--control", "old", "--output", form, *(part for pair in given.items() for part in pair))
    assert result.exit_code == 2
    assert f"Invalid value for '{option}'" in result.output and "unexpected" not in result.output


def test_the_columns_of_the_mart_from_csv_and_parquet(tmp_path: Path) -> None:
    """A ratio with windows and segments, shifted sums and all; both forms give the same."""
    query = """
        select 'e' as experiment_id, variant_id, 'click_rate' as metric_id, 'ratio' as metric_kind, metric_window, 'all' as segment,
            500 as persons, 1.0 as pivot_y, 4.0 as pivot_d, shift as sum_y, 10.0 as sum_d, 600.0 as sum_yy, 900.0 as sum_dd, 250.0 as sum_yd
        from (values ('control', 5.0), ('b', 60.0)) as arms(variant_id, shift), (values ('7'), ('all')) as windows(metric_window)
    """
    for ending in ("csv", "parquet"):
        duckdb.sql(f"copy ({query}) to '{tmp_path / ('stats.' + ending)}'")
    answers = [found(tmp_path / f"stats.{ending}") for ending in ("csv", "parquet")]
    assert answers[0]["results"] == answers[1]["results"]
    rows = answers[0]["results"]
    assert [(row["metric_window"], row["is_decision"], row["method"]) for row in rows] == [("7", False, "delta"), ("all", True, "delta")]
    assert rows[0]["effect"] == pytest.approx(560 / 2010 - 505 / 2010)


@pytest.mark.parametrize(
    "text,arguments,message",
    [
        ("", (), "has no header"),
        ("variant_id,persons\n", (), "has no rows"),
        ("variant_id;persons\na;1\n", (), "the cells are separated by semicolons; save it with commas"),
        ("variant_id,persons,numerator\na,1,2,3\n", (), "row 2: has 4 cells, the header has 3"),
        ("variant_id,persons,numerator\na,ten,2\n", (), "row 2, column persons: 'ten' is no number"),
        ("variant_id,persons,numerator\na,nan,2\n", (), "row 2, column persons: 'nan' is no number"),
        ("variant_id,persons,numerator\na,10,2\n,10,3\n", (), "row 3, column variant_id: is empty"),
        ("variant_id,persons,numerator\na,10,2\na,10,3\n", (), "row 3: a, metric, all, all is there already, in row 2"),
        ("variant_id,persons,numerator\na,10,12\nb,10,3\n", ("--control", "a"), "row 2: 12 of 10 persons is no share"),
        ("variant_id,persons,numerator\na,-1,0\n", (), "row 2, column persons: must be a whole number"),
        ("variant_id,persons,numerator\na,10,2\nb,10,3\n", (), "which variant is the control? Name it with --control; it has a, b"),
        ("variant_id,persons,numerator\na,10,2\nb,10,3\n", ("--control", "c"), "no variant 'c'"),
        ("variant_id,persons,numerator\na,10,2\n", ("--control", "a"), "has one variant"),
        ("variant_id,persons,numerator\na,10,2\nb,10,3\n", ("--control", "a", "--primary", "x"), "no metric 'x'"),
        ("variant_id,persons,numerator\na,10,2\nb,10,3\n", ("--control", "a", "--min-lift", "0.1"), "needs both"),
        ("variant_id,persons,numerator\na,10,2\nb,10,3\n", ("--control", "a", "--expected-share", "a=0.5"), "one for every variant"),
        ("variant_id,persons,numerator\na,10,2\nb,10,3\n", ("--control", "a", "--window", "7"), "--window: no window '7'; "),
        ("variant_id,day,n,y\na,1,5,1\n", ("--ratio", "c=y/n", "--window", "7"), "--window: daily counts have no windows"),
        ("variant_id,persons,numerator\na,10,2\nb,10,3\n", ("--control", "a", "--guardrail", "metric"), "--guardrail metric: is the metric"),
        ("metric_id,variant_id,persons,numerator\nc,a,10,2\nc,b,10,3\n", ("--control", "a", "--primary", "c", "--guardrail", "c"), "--guardrail c: is"),
        ("variant_id,persons,numerator,metric_window\na,10,2,7\nb,10,3,week1\n", (), "row 3, column metric_window: 'week1' is no window; write"),
        ("variant_id,persons,numerator,metric_window\na,10,2,0\n", (), "row 2, column metric_window: '0' is no window"),
        ("variant_id,persons,numerator,metric_window\na,10,2,1.5\n", (), "row 2, column metric_window: '1.5' is no window"),
        ("variant_id,persons,numerator,metric_window\na,10,2,inf\n", (), "row 2, column metric_window: 'inf' is no window"),
        ("variant_id,persons,mean,standard_deviation\na,10,1,-2\n", (), "row 2, column standard_deviation: a standard deviation cannot be below"),
        ("variant_id,persons,mean\na,10,1\n", (), "row 2, column standard_deviation: is needed beside mean"),
        ("variant_id,persons,standard_deviation\na,10,1\n", (), "row 2, column mean: is needed beside standard_deviation"),
        ("variant_id,persons,numerator,metrik,window\na,10,2,c,7\n", (), "no use for metrik, window; it takes variant_id, metric_id, persons, "),
        ("metric,metric_id,variant,persons,numerator\nc,d,a,10,2\n", (), "no use for metric; it takes variant, metric_id"),
        ("variant_id,persons,metric_kind\na,10,mean\n", (), "row 2, column sum_y: a mean needs it (or mean and standard_deviation)"),
        ("variant_id,persons,metric_kind\na,10,time\n", (), "'time' is none of share, mean, ratio"),
        ("who,persons,numerator\na,10,2\n", (), "no column for the variant"),
        ("experiment_id,variant_id,persons,numerator\ne,a,1,0\nf,a,1,0\n", (), "holds 2 experiments; choose one with --experiment: e, f"),
        ("variant_id,day,n,y\na,2026-01-01,5,1\n", (), "has no column 'persons', so it is taken as daily counts"),
        ("variant_id,day,n,y\na,2026-01-01,5,1\n", ("--share", "y/n"), "write it as NAME=COUNT/OF"),
        ("variant_id,day,n,y\na,2026-01-01,5,1\n", ("--share", "c=z/n"), "no column 'z'; it has variant_id, day, n, y"),
        ("variant_id,day,n,y\na,1,5,1\nb,1,5,6\n", ("--control", "a", "--share", "c=y/n"), "row 3, column y: more y than n"),
        ("variant_id,day,n,y\na,1,5,1\na,1,5,2\n", ("--share", "c=y/n"), "row 3: a has the day 1 already, in row 2"),
        ("variant_id,day,n,y\na,1,5,-1\nb,1,5,2\n", ("--control", "a", "--ratio", "c=y/n"), "row 2, column y: a count cannot be below 0"),
        ("variant_id,day,n,y\na,first,5,1\n", ("--ratio", "c=y/n", "--before-after", "2026-01-01"), "row 2: 'first' is no date"),
        ("variant_id,day,n,y\na,1,5,1\n", ("--ratio", "c=y/n", "--before-after", "soon"), "--before-after soon: write a date"),
        ("variant_id,persons,numerator\na,10,2\n", ("--before-after", "2026-01-01"), "needs daily counts"),
    ],
)
def test_what_cannot_be_used_is_one_clear_line(tmp_path: Path, text: str, arguments: tuple[str, ...], message: str) -> None:
    result = run(written(tmp_path, text), *arguments)
    assert result.exit_code == 2
    assert message in result.output
    assert len(result.output.strip().splitlines()) == 1
    assert "Traceback" not in result.output


def test_a_missing_file_and_a_strange_one(tmp_path: Path) -> None:
    assert "no such file" in run(tmp_path / "none.csv").output
    (tmp_path / "a.parquet").write_text("no parquet")
    assert "cannot be read as Parquet" in run(tmp_path / "a.parquet").output
    (tmp_path / "a.txt").write_text("x")
    assert "must end in .csv or .parquet" in run(tmp_path / "a.txt").output


@pytest.mark.parametrize("persons,numerator", [(0, 0), (1, 1), (10, 0), (10, 10), (10**12, 10**11)])
def test_corner_counts_have_a_status_or_an_estimate(tmp_path: Path, persons: int, numerator: int) -> None:
    path = written(tmp_path, f"variant_id,persons,numerator\ncontrol,{persons},{numerator}\nb,{persons},{numerator}\n")
    (row,) = found(path)["results"]
    assert (row["status"] == "ok") == (row["p_value"] is not None)
    assert (persons == 10**12) == (row["status"] == "ok")


def daily(folder: Path, groups: dict[str, float], days: int = 70, seed: int = 5) -> Path:
    """Ten weeks around 2026-02-05 with a mood of the week that all groups share; from that day on a group's rate moves."""
    rng, change = np.random.default_rng(seed), date(2026, 2, 5)
    lines = ["group,day,views,clicks"]
    for number in range(days):
        day = change + timedelta(days=number - days // 2)
        mood = 0.1 * np.exp(0.1 * np.sin(number))
        for group, shift in groups.items():
            views = int(rng.poisson(2000))
            lines.append(f"{group},{day},{views},{rng.binomial(views, mood + (shift if day >= change else 0.0))}")
    return written(folder, "\n".join(lines) + "\n")


def views_of_the_same_persons(folder: Path, rng: np.random.Generator, days: int = 28, persons: int = 180) -> Path:
    """As many persons in either arm on each day, ten views each or so, the same rate of clicks."""
    lines = ["variant,day,persons_seen,clicks,views"]
    for variant in ("control", "b"):
        for number in range(days):
            views = int(rng.geometric(0.1, persons).sum())
            lines.append(f"{variant},{date(2026, 1, 1) + timedelta(days=number)},{persons},{rng.binomial(views, 0.1)},{views}")
    return written(folder, "\n".join(lines) + "\n")


def test_views_are_no_persons_for_the_split(tmp_path: Path) -> None:
    """Taken for persons they call one sound split in four unsound; with ratios alone none is tested, and the output says so."""
    rng, alarms = np.random.default_rng(0), 0
    asked = ("--ratio", "ctr=clicks/views", "--min-lift", 0.02, "--max-harm", 0.05)
    for _ in range(30):
        path = views_of_the_same_persons(tmp_path, rng)
        answer = found(path, *asked)
        assert answer["split"] is None and answer["verdict"]["verdict"] != "invalid"
        assert any(note.startswith("split: not checked") and "--split-column" in note for note in answer["notes"])
        alarms += not found(path, *asked, "--split-column", "views")["split"]["is_sound"]
    assert alarms > 2, "or this data would show nothing"
    assert "split: not checked" in run(path, *asked).output
    assert found(path, *asked, "--split-column", "persons_seen")["split"]["p_value"] == 1.0
    with_share = found(path, *asked, "--share", "seen=persons_seen/views")
    assert with_share["split"] is not None and "split: checked on the sums of views" in with_share["notes"]


def test_before_and_after_is_observational_and_never_ships(tmp_path: Path) -> None:
    path = daily(tmp_path, {"shop": 0.02})
    answer = found(path, "--ratio", "rate=clicks/views", "--before-after", "2026-02-05", "--min-lift", 0.01, "--max-harm", 0.05)
    (row,) = answer["results"]
    assert (answer["evidence"], answer["verdict"], answer["split"], row["method"]) == ("observational", None, None, "before_after")
    assert (row["n_control"], row["n_variant"]) == (5, 5)  # weeks
    assert row["ci_low"] < 0.02 < row["ci_high"]
    assert "ship nothing by itself" in answer["notes"][0]


def test_a_comparison_group_takes_out_what_both_share(tmp_path: Path) -> None:
    path = daily(tmp_path, {"elsewhere": 0.03, "shop": 0.05})  # all rose by 0.03: the change gave 0.02
    answer = found(path, "--control", "elsewhere", "--ratio", "rate=clicks/views", "--before-after", "2026-02-05")
    (row,) = answer["results"]
    assert (answer["evidence"], row["method"], row["variant_id"]) == ("observational", "difference_in_differences", "shop")
    assert row["ci_low"] < 0.02 < row["ci_high"]
    assert row["p_value"] < 0.01


def test_weeks_that_lack_a_day_are_left_out(tmp_path: Path) -> None:
    path = daily(tmp_path, {"shop": 0.02}, days=66)  # 33 days a side: four whole weeks
    (row,) = found(path, "--ratio", "rate=clicks/views", "--before-after", "2026-02-05")["results"]
    assert (row["n_control"], row["n_variant"]) == (4, 4)
    (row,) = found(daily(tmp_path, {"shop": 0.0}, days=14), "--ratio", "rate=clicks/views", "--before-after", "2026-02-05")["results"]
    assert (row["status"], row["p_value"]) == ("too_few_periods", None)


@pytest.mark.parametrize(
    ("days", "why"),
    [
        (["a,1,100,10", "b,1,100,12"], "there are fewer than two days to compare"),
        # 10 and 20 of 100, 12 and 22 of 100: two points more on either day
        (
            ["a,1,100,10", "b,1,100,12", "a,2,100,20", "b,2,100,22"],
            "the difference was the same on every day, so that no interval can be given",
        ),
    ],
)
def test_days_that_cannot_be_compared_say_why(tmp_path: Path, days: list[str], why: str) -> None:
    path = written(tmp_path, "\n".join(["variant_id,day,n,y", *days]) + "\n")
    answer = found(path, "--control", "a", "--ratio", "rate=y/n", "--min-lift", 0.01, "--max-harm", 0.05)
    assert answer["verdict"]["sentence"] == f"No verdict: rate cannot be compared, because {why}."
