"""Charts with axes: every axis says its unit, every line its name beside it, and no line differs from another by colour alone."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from python_stats import svg, wording
from python_stats.report.traced import clipped

WIDTH, HEIGHT = 420.0, 262.0
LEFT, RIGHT, TOP, BOTTOM = 58.0, 106.0, 20.0, 42.0

_TIMES = (
    (60, "1 min"),
    (600, "10 min"),
    (3600, "1 h"),
    (6 * 3600, "6 h"),
    (86400, "1 d"),
    (3 * 86400, "3 d"),
    (7 * 86400, "7 d"),
    (30 * 86400, "30 d"),
    (90 * 86400, "90 d"),
    (365 * 86400, "1 y"),
)


@dataclass(frozen=True)
class Line:
    """One line of a chart.

    Attributes:
        name: stands at its end.
        points: x and y, by x.
    """

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Axis:
    """Where values lie on the paper.

    Attributes:
        start, end: pixels.
        low, high: values at them.
        is_log: equal ratios have equal lengths.
    """

    start: float
    end: float
    low: float
    high: float
    is_log: bool = False

    def at(self, value: float) -> float:
        """The place of a value, kept on the axis."""
        low, high, here = self.low, self.high, min(max(value, self.low), self.high)
        if self.is_log:
            low, high, here = math.log(low), math.log(high), math.log(here)
        return self.start + (here - low) / ((high - low) or 1.0) * (self.end - self.start)


def survival(lines: Sequence[Line], across: str, up: str, label: str, identity: str) -> Markup:
    """Curves that fall in steps: the share for which it has not happened yet, by the time since (seconds, on a scale of ratios).

    Args:
        lines: points of (seconds, share); one point holds until the next.
        across, up: what the axes measure, with units.
        label: what it shows, in words.
        identity: makes ids unique on the page.
    """
    times = [x for line in lines for x, _ in line.points if x > 0]
    first = max((mark for mark, _ in _TIMES if mark <= min(times, default=60)), default=60)
    x_axis = Axis(LEFT, WIDTH - RIGHT, first, max([*times, first * 10]), is_log=True)
    y_axis = Axis(HEIGHT - BOTTOM, TOP, 0.0, 1.0)
    marks = [(x_axis.at(mark), words) for mark, words in _TIMES if x_axis.low <= mark <= x_axis.high]
    parts = [_frame(_spaced(marks), [(y_axis.at(share), f"{share * 100:.0f} %") for share in (0, 0.25, 0.5, 0.75, 1)], across, up)]
    ends = []
    for index, line in enumerate(lines):
        path, x_before, y_before = [f"M{x_axis.start:.1f},{y_axis.at(1.0):.1f}"], x_axis.start, y_axis.at(1.0)
        for seconds, share in line.points:
            x, y = x_axis.at(seconds), y_axis.at(share)
            if abs(x - x_before) >= 0.6 or abs(y - y_before) >= 1.0:
                path.append(f"H{x:.1f}V{y:.1f}")
                x_before, y_before = x, y
        parts.append(f'<path class="line s{index % 6}" d="{"".join(path)}"/>')
        ends.append((y_before, x_before, index, line.name))
    parts.append(_names(ends))
    return svg.picture("chart", WIDTH, HEIGHT, up, label, identity, "".join(parts))


def over_days(
    line: Line,
    bounds: Mapping[str, Sequence[tuple[float, float]]],
    levels: Mapping[str, float],
    days: Sequence[tuple[float, str]],
    up: str,
    label: str,
    identity: str,
    in_percent: bool = True,
) -> Markup:
    """An estimate day by day between a lower and an upper bound, with levels to compare with.

    Args:
        line: the estimate, x in days.
        bounds: `low` and `high` by name, drawn as the edges of a shaded band.
        levels: horizontal lines by what they are called.
        days: marks of the x axis, with their words.
        up: what the y axis measures, with its unit.
        label: what it shows, in words.
        identity: makes ids unique on the page.
        in_percent: y are fractions, written as percent; else plain numbers.
    """
    low, high = list(bounds.get("low", ())), list(bounds.get("high", ()))
    # The scale is that of what is known in the end: the first days' wide bounds leave the picture at its edge.
    settled = [y for _, y in line.points[len(line.points) // 3 :]] + [1.6 * y for side in (low, high) for _, y in side[-1:]]
    reach = max([abs(value) for value in [*settled, *levels.values()] if math.isfinite(value)], default=0.1) * 1.15 or 0.1
    step = _round_step(reach)
    reach = math.ceil(reach / step) * step
    xs = [x for x, _ in [*days, *line.points, *low, *high]] or [0.0, 1.0]
    x_axis, y_axis = (
        Axis(LEFT, WIDTH - RIGHT, min(xs), max(xs) if max(xs) > min(xs) else min(xs) + 1),
        Axis(HEIGHT - BOTTOM, TOP, -reach, reach),
    )
    grid = [step * index for index in range(-round(reach / step), round(reach / step) + 1)]
    parts = [
        _frame(
            _spaced([(x_axis.at(x), words) for x, words in days], 48),
            [(y_axis.at(value), _tick(value, step, in_percent)) for value in grid],
            "day",
            up,
        )
    ]
    if low and high:
        edge = [*high, *reversed(low)]
        parts.append('<path class="band" d="M' + "L".join(f"{x_axis.at(x):.1f},{y_axis.at(y):.1f}" for x, y in edge) + 'Z"/>')
        parts += [f'<path class="edge" d="{_path(side, x_axis, y_axis)}"/>' for side in (low, high)]
    parts.append(f'<line class="zero" x1="{x_axis.start}" x2="{x_axis.end}" y1="{y_axis.at(0):.1f}" y2="{y_axis.at(0):.1f}"/>')
    ends = []
    for index, (name, level) in enumerate(levels.items()):
        y = y_axis.at(level)
        parts.append(f'<line class="level l{index % 2}" x1="{x_axis.start}" x2="{x_axis.end}" y1="{y:.1f}" y2="{y:.1f}"/>')
        ends.append((y, x_axis.end, 6 + index % 2, name))
    parts.append(f'<path class="line s0" d="{_path(line.points, x_axis, y_axis)}"/>')
    if line.points:
        x, y = x_axis.at(line.points[-1][0]), y_axis.at(line.points[-1][1])
        parts.append(f'<circle class="end" cx="{x:.1f}" cy="{y:.1f}" r="3.2"/>')
        ends.append((y, x, 0, line.name))
    parts.append(_names(ends))
    return svg.picture("chart", WIDTH, HEIGHT, up, label, identity, "".join(parts))


def _tick(value: float, step: float, in_percent: bool) -> str:
    if in_percent:
        return wording.number(value * 100, 0 if step >= 0.01 else 1, signed=True) + " %"
    return wording.number(value, 0 if step >= 1 else 1, signed=True)


def _path(points: Sequence[tuple[float, float]], x_axis: Axis, y_axis: Axis) -> str:
    return "M" + "L".join(f"{x_axis.at(x):.1f},{y_axis.at(y):.1f}" for x, y in points) if points else ""


def _frame(across: Sequence[tuple[float, str]], upwards: Sequence[tuple[float, str]], x_unit: str, y_unit: str) -> str:
    right, floor = WIDTH - RIGHT, HEIGHT - BOTTOM
    parts = [f'<text class="unit" x="2" y="10">{escape(y_unit)}</text>']
    for y, words in upwards:
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="tick" x="{LEFT - 5}" y="{y + 3.6:.1f}" text-anchor="end">{escape(words)}</text>')
    parts.append(f'<line class="axis" x1="{LEFT}" x2="{right}" y1="{floor}" y2="{floor}"/>')
    for x, words in across:
        parts.append(f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{floor}" y2="{floor + 4}"/>')
        parts.append(f'<text class="tick" x="{x:.1f}" y="{floor + 16}" text-anchor="middle">{escape(words)}</text>')
    parts.append(f'<text class="unit" x="{(LEFT + right) / 2:.1f}" y="{HEIGHT - 6}" text-anchor="middle">{escape(x_unit)}</text>')
    return "".join(parts)


def _spaced(marks: Sequence[tuple[float, str]], room: float = 34.0) -> list[tuple[float, str]]:
    kept: list[tuple[float, str]] = []
    for mark in marks:
        if not kept or mark[0] - kept[-1][0] >= room:
            kept.append(mark)
    return kept


def _names(ends: Sequence[tuple[float, float, int, str]]) -> str:
    """Names at the ends of their lines, moved apart so that none covers another, each with a piece of its line."""
    placed: list[float] = []
    for y, *_ in sorted(ends):
        placed.append(max(y, placed[-1] + 15 if placed else TOP))
    over = max(0.0, (placed[-1] if placed else 0.0) - (HEIGHT - BOTTOM))
    for index in range(len(placed) - 1, -1, -1):
        ceiling = placed[index + 1] - 15 if index + 1 < len(placed) else HEIGHT - BOTTOM
        placed[index] = min(placed[index], ceiling) if over else placed[index]
    parts = []
    start = WIDTH - RIGHT + 6
    for (_, _, style, name), y in zip(sorted(ends), placed, strict=True):
        shape = f"line s{style}" if style < 6 else f"level l{style - 6}"
        parts.append(f'<line class="{shape}" x1="{start}" x2="{start + 16}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="name" x="{start + 20}" y="{y + 3.6:.1f}">{escape(clipped(name, 12))}</text>')
    return "".join(parts)


def _round_step(reach: float) -> float:
    size = 10.0 ** math.floor(math.log10(reach))
    return next(step for step in (0.2 * size, 0.5 * size, size, 2 * size, 5 * size) if reach / step <= 3.2) if reach > 0 else 0.1
