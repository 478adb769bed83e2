"""The backlog's ranking, the metrics by week and the shared scorecard, once more by plain loops."""

from __future__ import annotations

import itertools
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from brute_handover import time_by_which
from builds import LEAST, PROJECT, TIMEZONE, rows_of

from python_stats.privacy import small_cells

WEIGHTS = {"severity": 1, "volume": 1, "value": 3, "confidence": 1, "effort": 2, "speed": 1}
MONTHS = 365.25 / 12 / 28


def monday(moment: Any) -> Any:
    day = moment.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(TIMEZONE)).date()
    return day - timedelta(days=day.weekday())


def measured(database: Path, idea: dict[str, Any]) -> tuple[float, float | None, float | None]:
    """(volume, severity, value at stake) in the 28 days before as_of."""
    now = rows_of(database, "select as_of from as_of")[0]["as_of"]
    since = now - timedelta(days=28)
    values = {row["journey_id"]: row["value_per_completion"] for row in rows_of(database, "select * from cfg_journeys")}
    costs = rows_of(database, "select * from friction_cost")
    if idea["campaign_id"]:
        sent = [row for row in rows_of(database, "select * from fct_messages where delivered_at is not null")
                if row["campaign_id"] == idea["campaign_id"] and since <= row["delivered_at"] < now]  # fmt: skip
        converted = sum(row["converted_at"] is not None for row in sent)
        target = next(row for row in rows_of(database, "select * from cfg_campaigns") if row["campaign_id"] == idea["campaign_id"])["target_journey_id"]
        return len(sent), 1 - converted / len(sent), None if values.get(target) is None else converted * values[target]
    if idea["step_id"]:
        step = next(row for row in costs if (row["journey_id"], row["step_id"]) == (idea["journey_id"], idea["step_id"]))
        seen = [row for row in rows_of(database, "select * from fct_step_attempts")
                if (row["journey_id"], row["step_id"]) == (idea["journey_id"], idea["step_id"]) and since <= row["first_entered_at"] < now]  # fmt: skip
        finished = [row["is_abandoned"] for row in seen if row["is_completed"] or row["attempt_outcome"] != "in_progress"]
        assert len(seen) == step["entries"] and 0 < sum(finished) == step["abandonments"] < len(finished) < len(seen)
        return step["entries"], sum(finished) / len(finished), step["expected_value_lost"]
    if idea["journey_id"]:
        attempts = [row for row in rows_of(database, "select * from fct_journey_attempts")
                    if row["journey_id"] == idea["journey_id"] and since <= row["started_at"] < now]  # fmt: skip
        lost = sum(row["expected_value_lost"] for row in costs if row["journey_id"] == idea["journey_id"] and row["expected_value_lost"])
        finished = [row["outcome"] == "abandoned" for row in attempts if row["outcome"] != "in_progress"]
        assert len(finished) < len(attempts)
        return len(attempts), sum(finished) / len(finished), lost
    if idea["channel"]:
        tickets = [row for row in rows_of(database, "select * from fct_tickets") if row["channel"] == idea["channel"] and since <= row["opened_at"] < now]
        bad = sum(row["handover_timing"] in ("late", "missed") or row["reopens"] > 0 or row["is_repeat_contact"] is True for row in tickets)
        return len(tickets), bad / len(tickets), sum(row["support_cost"] or 0 for row in tickets)
    return 0, None, None


def test_ideas_are_ranked_by_what_was_measured(built: Path) -> None:
    ideas = rows_of(built, "select * from experiment_backlog order by priority_rank")
    assert [idea["priority_rank"] for idea in ideas] == list(range(1, len(ideas) + 1))
    assert {idea["measured_at"] for idea in ideas} == {"step", "journey", "campaign", "channel", None}
    best: dict[str, float] = defaultdict(float)
    for idea in ideas:
        volume, severity, value = measured(built, idea)
        assert idea["volume_per_month"] == pytest.approx(volume * MONTHS)
        assert idea["severity"] == (None if severity is None else pytest.approx(severity))
        assert idea["value_at_stake_per_month"] == (None if value is None else pytest.approx(value * MONTHS))
        if value is not None:
            assert idea["expected_value_per_month"] == pytest.approx(value * MONTHS * idea["expected_lift"] * idea["confidence"])
        for name in ("volume_per_month", "severity", "expected_value_per_month", "confidence"):
            best[name] = max(best[name], idea[name] or 0)
    least_effort, soonest = min(idea["effort_days"] for idea in ideas), min(idea["days_to_learn"] for idea in ideas)
    for idea in ideas:
        parts = {
            "severity": (idea["severity"] or 0) / best["severity"], "volume": idea["volume_per_month"] / best["volume_per_month"],
            "value": (idea["expected_value_per_month"] or 0) / best["expected_value_per_month"], "confidence": idea["confidence"] / best["confidence"],
            "effort": least_effort / idea["effort_days"], "speed": (soonest + 1) / (idea["days_to_learn"] + 1),
        }  # fmt: skip
        for name, part in parts.items():
            assert idea[f"{name}_part"] == pytest.approx(part), name
        assert idea["score"] == pytest.approx(100 * sum(WEIGHTS[name] * part for name, part in parts.items()) / sum(WEIGHTS.values()))
    assert [idea["score"] for idea in ideas] == sorted((idea["score"] for idea in ideas), reverse=True)


def test_a_campaign_without_a_target_is_not_severe(built: Path) -> None:
    """Nothing can convert to it: that all of its messages went without a conversion says nothing of them."""
    campaigns = rows_of(built, """
        select target_journey_id, severity, value_at_stake
        from cfg_campaigns inner join int_backlog_targets on measured_at = 'campaign' and target = campaign_id""")  # fmt: skip
    assert {row["target_journey_id"] is None for row in campaigns} == {True, False}
    for row in campaigns:
        assert (row["severity"] is None) == (row["target_journey_id"] is None)
        assert row["target_journey_id"] is not None or row["value_at_stake"] is None


def test_now_is_also_told_by_the_clock_of_the_reports(built: Path) -> None:
    now = rows_of(built, "select * from as_of")[0]
    assert now["local_as_of"] == now["as_of"].replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(TIMEZONE)).replace(tzinfo=None) != now["as_of"]


def test_weeks_and_teams_hold_what_happened_in_them(built: Path) -> None:
    weekly = {(row["metric_id"], row["owner_team"], row["week"]): row for row in rows_of(built, "select * from metric_weekly")}
    owners = {row["journey_id"]: row["owner_team"] for row in rows_of(built, "select * from cfg_journeys")}
    seen, converted, finished = defaultdict(set), defaultdict(set), defaultdict(list)
    for row in rows_of(built, "select * from fct_person_days"):
        seen[row["active_on"] - timedelta(days=row["active_on"].weekday())].add(row["person_id"])
    for row in rows_of(built, "select * from fct_journey_attempts"):
        for team in ("all", owners[row["journey_id"]]):
            if row["completed_at"]:
                converted[team, monday(row["completed_at"])].add(row["person_id"])
            if row["finished_at"]:
                finished[team, monday(row["finished_at"])].append(row["outcome"] == "completed")
    assert len({team for team, _ in finished}) > 2
    for (team, week), outcomes in finished.items():
        found = weekly["attempt_completion_rate", team, week]
        assert (found["numerator"], found["denominator"]) == (sum(outcomes), len(outcomes))
    for (team, week), persons in converted.items():
        found = weekly["conversion", team, week]
        assert (found["numerator"], found["denominator"]) == (len(persons), len(seen[week]))
    for week, persons in seen.items():  # a week in which nobody did is a 0
        found = weekly["conversion", "all", week]
        assert (found["numerator"], found["denominator"]) == (len(converted["all", week]), len(persons))
    nodes = {row["parent_metric_id"] for row in rows_of(built, "select * from cfg_metric_tree")}
    assert nodes - {"retention"} <= {row["metric_id"] for row in rows_of(built, "select * from metric_tree_weekly")}


def test_what_has_windows_of_its_own_has_no_weeks(built: Path) -> None:
    """Of those who were seen in a week nearly all did something in it: that is no retention."""
    assert rows_of(built, "select metric_id, windows, headline_of from metric_catalog where windows is not null") == [
        {"metric_id": "retention", "windows": "30, 90", "headline_of": None}
    ]
    for table in ("metric_weekly", "metric_tree_weekly"):
        assert rows_of(built, f"select * from {table} where metric_id = 'retention'") == []
    assert rows_of(built, "select * from int_weekly_sums where sum_id = 'returned_persons'") == []
    assert rows_of(built, "select * from experiment_metric_stats where metric_id = 'retention' and persons > 0")
    outcomes = rows_of(built, "select distinct outcome_metric_id from empathy_scorecard where feature_class = 'personalized_reassurance'")
    assert outcomes == [{"outcome_metric_id": "churn_rate"}]


def test_what_may_come_after_its_week_ripens(built: Path) -> None:
    """A click, a reopening, a ticket that takes a task back; what is dated by itself does not, and times count what is open as open."""
    ripens = {row["metric_id"]: row["ripens"] for row in rows_of(built, "select * from metric_catalog")}
    late = {"engagement_rate", "click_rate", "message_conversion_rate", "reopen_rate", "repeat_contact_rate", "escalation_rate", "task_success_rate",
            "silent_friction_rate", "support_cost", "unsubscribe_rate"}  # fmt: skip
    assert {metric_id for metric_id in late if not ripens[metric_id]} == set()
    at_once = ("conversion", "revenue", "churn_rate", "csat", "tickets_per_person", "messages_delivered", "error_rate", "resolution_time", "net_value")
    assert {metric_id for metric_id in at_once if ripens[metric_id]} == set()


def test_a_median_time_is_that_of_its_week(built: Path) -> None:
    as_of = rows_of(built, "select as_of from as_of")[0]["as_of"]
    checked = 0
    for metric_id, event in (("first_response_time", "first_response_at"), ("resolution_time", "resolved_at")):
        waits = defaultdict(list)
        for row in rows_of(built, "select * from fct_tickets"):
            waits[monday(row["opened_at"])].append((max(((row[event] or as_of) - row["opened_at"]) // timedelta(microseconds=1), 0), row[event] is not None))
        for row in rows_of(built, f"select * from metric_weekly where metric_id = '{metric_id}' and owner_team = 'all'"):
            known = waits.pop(row["week"])
            assert (row["numerator"], row["denominator"]) == (sum(came for _, came in known), len(known))
            if len(known) > 1:
                median = time_by_which(known, 0.5)
                assert row["value"] == (None if median is None else pytest.approx(median, rel=1e-9))
                checked += median is not None
        assert not waits
    assert checked > 5


def test_the_scorecard_sets_levels_side_by_side(built: Path) -> None:
    weekly = {(row["metric_id"], row["owner_team"], row["week"]): row for row in rows_of(built, "select * from metric_weekly")}
    good = {row["metric_id"]: row["good_direction"] for row in rows_of(built, "select * from metric_catalog")}
    levels = {row["metric_id"]: row["tree_level"] for row in rows_of(built, "select * from metric_catalog")}
    ripens = {row["metric_id"]: row["ripens"] for row in rows_of(built, "select * from metric_catalog")}
    longest = max(row["attribution_hours"] or 0 for row in rows_of(built, "select * from cfg_campaigns"))
    today = rows_of(built, "select local_as_of from as_of")[0]["local_as_of"].date()
    rows = rows_of(built, "select * from empathy_scorecard")
    told: list[bool | None] = []

    def change_of(metric_id: str, team: str, week: Any, *, is_relative: bool = True) -> float | None:
        """From the mean of the four weeks before that have a value."""
        value = weekly[metric_id, team, week]["value"]
        before = [weekly.get((metric_id, team, week - timedelta(weeks=back)), {}).get("value") for back in (1, 2, 3, 4)]
        known = [one for one in before if one is not None]
        usual = sum(known) / len(known) if known else 0.0
        if value is None or not known or (is_relative and usual == 0):
            return None
        return (value - usual) / abs(usual) if is_relative else value - usual

    def is_ripe(week: Any) -> bool:
        return today >= week + timedelta(days=7) + max(timedelta(days=7), timedelta(hours=longest))

    def is_unusual(metric_id: str, team: str, week: Any) -> bool | None:
        """Beyond three sigma: one value beside the mean of four, sigma from the mean move between neighbouring weeks of the last 26.

        Of what still comes, only after a week's time and the longest attribution of a campaign.
        """
        if ripens[metric_id] and not is_ripe(week):
            return None
        known = sorted(at for name, owner, at in weekly if (name, owner) == (metric_id, team))
        values = {at: weekly[metric_id, team, at]["value"] for at in known}
        moves = [
            abs(values[at] - values[before])
            for before, at in itertools.pairwise(known)
            if week - timedelta(weeks=26) <= at < week and None not in (values[at], values[before])
        ]
        if len(moves) < 5:
            return None
        change = change_of(metric_id, team, week, is_relative=False)
        if change is None:
            return False
        sigma = sum(moves) / len(moves) / 1.128
        return abs(change) > max(3 * sigma * (1 + 1 / 4) ** 0.5, 1e-9) and abs(change) * weekly[metric_id, team, week]["denominator"] >= 3

    assert {row["feature_class"] for row in rows} == {
        "reduced_friction", "contextual_messaging", "human_handover", "personalized_reassurance", "self_serve_clarity",
    }  # fmt: skip
    assert {row["is_ripe"] for row in rows if row["is_complete"]} == {True, False}
    for row in rows:
        assert row["is_ripe"] == is_ripe(row["week"])
        for level in ("input", "experience", "outcome"):
            metric_id = row[f"{level}_metric_id"]
            if metric_id is None:
                continue
            assert row[f"{level}_team"] in (row["owner_team"], "all")
            own = weekly[metric_id, row[f"{level}_team"], row["week"]]
            assert all(row[f"{level}_{name}"] == own[name] for name in ("numerator", "denominator", "value"))
            assert row[f"{level}_team"] == row["owner_team"] or (metric_id, row["owner_team"], row["week"]) not in weekly
            change, is_better = row[f"{level}_change"], row[f"{level}_is_better"]
            expected = change_of(metric_id, row[f"{level}_team"], row["week"])
            assert change == (None if expected is None else pytest.approx(expected, abs=1e-12))
            if change:
                assert is_better == ((change > 0) == (good[metric_id] == "increase"))
            told.append(row[f"{level}_is_unusual"])
            assert bool(told[-1]) == bool(is_unusual(metric_id, row[f"{level}_team"], row["week"]))
            assert told[-1] is None or row["is_ripe"] or not ripens[metric_id]
        harms: dict[tuple[str, str], tuple[bool, float]] = {}
        for (metric_id, team, week), other in weekly.items():
            is_theirs = levels[metric_id] == "experience" and "all" not in (team, row["owner_team"]) and team != row["owner_team"]
            if week == row["week"] and other["denominator"] >= LEAST and (is_theirs or (levels[metric_id], team) == ("guardrail", "all")):
                change = change_of(metric_id, team, week)
                if change and (change < 0) == (good[metric_id] == "increase"):
                    harms[metric_id, team] = bool(is_unusual(metric_id, team, week)), abs(change)
        if harms:
            worst = row["guardrail_metric_id"], row["guardrail_team"]
            assert harms[worst] == (bool(row["guardrail_is_unusual"]), pytest.approx(max(harms.values())[1]))
            assert harms[worst][0] == max(harms.values())[0]
        else:
            assert row["guardrail_metric_id"] is None
    assert {True, False, None} == set(told)
    kinds = {row["metric_id"]: row["kind"] for row in rows_of(built, "select * from metric_catalog")}
    assert {kinds[row["guardrail_metric_id"]] for row in rows if row["guardrail_metric_id"]} >= {"ratio", "time"}
    assert {row["experience_metric_id"] for row in rows} >= {"attempt_completion_rate", "engagement_rate", "task_success_rate"}


def test_the_scorecard_publishes_few_figures_that_the_weeks_withhold(built: Path) -> None:
    """Small cells: a team's figure that is withheld for the sake of a smaller team's; by rows alone most of them stay out (docs/privacy.md)."""
    declared = {model["name"]: model["config"]["meta"]["small_cells"] for model in yaml.safe_load((PROJECT / "models/metrics/_metrics.yml").read_text())["models"]
                if "meta" in model.get("config", {})}  # fmt: skip

    def published(mart: str, *, is_plain: bool = False) -> list[dict[str, Any]]:
        columns = list(rows_of(built, f"select * from {mart} limit 1")[0])
        within = () if is_plain else small_cells.groupings(declared[mart]["within"])
        return rows_of(built, small_cells.shown_rows(mart, columns, small_cells.Cells(tuple(declared[mart]["count"]), within), 10))

    def told(rows: list[dict[str, Any]]) -> set[tuple[Any, ...]]:
        levels = ("input", "experience", "outcome", "guardrail")
        return {(row[f"{level}_metric_id"], row[f"{level}_team"], row["week"]) for row in rows for level in levels if row[f"{level}_team"]}

    weeks = {(row["metric_id"], row["owner_team"], row["week"]) for row in published("metric_weekly")}
    in_any_case, left = (told(published("empathy_scorecard", is_plain=is_plain)) - weeks for is_plain in (True, False))
    assert len(left) < len(in_any_case) / 2
