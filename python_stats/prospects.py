"""The chance that an experiment which shows its effect also ends in `ship`: the lift asked for, and the guardrails.

Reckoned at the end of the experiment, for an effect exactly as large as planned and guardrails that do not move, as if all of them were
independent: approximate. Who stops early has fewer persons for the guardrails, and guardrails of the same persons go together.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from python_stats.baselines import Baseline
from python_stats.designs import Design
from python_stats.estimators import spending
from python_stats.estimators.status import OK
from python_stats.planned_metric import Arms, Goal, Looks, Row, chance


@dataclass(frozen=True)
class Prospect:
    """What to expect of an experiment whose effect is as large as planned.

    Attributes:
        to_show: the chance to show the effect.
        to_ship: the chance to end in `ship`: the lift asked for is established, or shown, reached by the estimate and no guardrail open.
        to_reach_lift: the chance that the estimate is at least the lift asked for.
        narrowest: of the guardrails that can be planned, the row of the one with the least chance to be shown unharmed.
        narrowest_chance: that chance.
        unplanned: guardrails without a baseline, which are left out.
    """

    to_show: float
    to_ship: float
    to_reach_lift: float
    narrowest: Row | None
    narrowest_chance: float | None
    unplanned: tuple[str, ...]


def prospect_of(design: Design, rows: Sequence[Row], baselines: Mapping[str, Baseline], looks: Looks | None) -> Prospect | None:
    """At the planned sample, or at what is needed where none is planned.

    None where the primary metric cannot be planned, or the planned sample is one whose comparison is refused.
    """
    primary = next((row for row in rows if row["role"] == "primary"), None)
    aim = design.primary
    if aim is None or primary is None or primary["status"] != OK or not baselines[aim.metric_id].units_per_person > 0:
        return None
    arms, baseline, planned = Arms.of(design), baselines[aim.metric_id], design.planned_sample_per_variant
    if planned and is_refused(primary, planned):
        return None
    total = planned / arms.smallest if planned else float(primary["needed_total"])
    n0, n1 = total * arms.control, total * float(arms.variants.min())
    goal = Goal.of(aim, baseline, primary["goal_relative"])
    to_show = chance(*goal.contrast(n0, n1), n0, n1, primary, is_normal=goal.is_normal, looks=looks)
    beyond, v0, v1 = goal.contrast(n0, n1, aim.sign * aim.min_lift_rollout)
    to_reach = _normal(aim.sign * beyond / math.sqrt(v0 / n0 + v1 / n1))
    if aim.sign * beyond > 0:
        established = chance(beyond, v0, v1, n0, n1, primary, is_normal=goal.is_normal, looks=looks)
    else:
        established = _by_luck(aim.sign * beyond / math.sqrt(v0 / n0 + v1 / n1), primary, looks)
    unharmed, narrowest, unplanned = 1.0, None, []
    least = None
    for guard in (row for row in rows if row["role"] == "guardrail"):
        found = _unharmed(design, guard, baselines.get(guard["metric_id"]), total / baseline.units_per_person, arms)
        if found is None:
            unplanned.append(str(guard["metric_id"]))
            continue
        unharmed *= found
        if least is None or found < least:
            least, narrowest = found, guard
    to_ship = established + max(0.0, min(to_show, to_reach) - established) * unharmed
    return Prospect(to_show, to_ship, to_reach, narrowest, least, tuple(unplanned))


def is_refused(row: Row, per_variant: float) -> bool:
    """Is the comparison of a metric likely to be refused in a sample of that size?"""
    return row["refused_as"] is not None and per_variant < row["needed_per_variant"] - 1


def _by_luck(shift: float, row: Row, looks: Looks | None) -> float:
    """The chance that the interval lies above a lift that the effect does not exceed; `shift` is how far it does, in standard errors."""
    from scipy.special import ndtri

    if looks is None:
        return _normal(shift + float(ndtri(row["nominal_alpha"] / 2)))
    return float(spending.crossing_probabilities(looks.fractions, looks.z, max(shift, -30.0))[0].sum())


def _unharmed(design: Design, row: Row, baseline: Baseline | None, persons: float, arms: Arms) -> float | None:
    """The chance that a guardrail which does not move is shown to be within the harm allowed; None where that is unknown."""
    aim = design.objective(row["metric_id"])
    if aim is None or baseline is None or baseline.status != OK or not baseline.units_per_person > 0:
        return None
    if not row["goal_relative"]:
        return float(row["nominal_alpha"]) / 2  # no harm at all is excluded by luck alone
    goal, total = Goal.of(aim, baseline, row["goal_relative"]), persons * baseline.units_per_person
    n0, n1 = total * arms.control, total * float(arms.variants.min())
    if is_refused(row, min(n0, n1)):
        return 0.0
    found = chance(*goal.contrast(n0, n1), n0, n1, row, is_normal=goal.is_normal)
    return None if math.isnan(found) else found


def _normal(z: float) -> float:
    from scipy.special import ndtr

    return float(ndtr(z))
