"""Hand-made SVG for rows of tables: an interval against its own thresholds, a bar, a line of weeks. Each says in words what it shows."""

from collections.abc import Sequence

from markupsafe import Markup

WIDTH, HEIGHT, MIDDLE, ROOM = 240.0, 36.0, 120.0, 112.0

BETTER, WORSE, OPEN = "better", "worse", "open"


def interval(estimate: float, low: float, high: float, wanted: float, allowed: float, label: str, identity: str) -> Markup:
    """A relative effect (good is to the right) with its interval.

    The scale is the row's own: the larger of its two thresholds lies at a third of the room, so that pictures of different metrics can
    be read the same way and are never put on one axis. What reaches further ends in an arrow.

    Args:
        estimate, low, high: relative, good positive.
        wanted, allowed: `min_lift_rollout` and `max_harm_rollback`.
        label: what it shows, in words.
        identity: makes the ids of title and description unique on the page.
    """
    unit = max(wanted, allowed, 1e-6) * 3

    def at(value: float) -> float:
        return MIDDLE + max(-1.0, min(1.0, value / unit)) * ROOM

    state = BETTER if low > 0 else WORSE if high < 0 else OPEN
    left, right = at(low), at(high)
    is_right, is_left = left > MIDDLE + ROOM - 24 and high > unit, right < MIDDLE - ROOM + 24 and low < -unit
    if is_right or is_left:  # (nearly) all of it lies off the scale: leave a stub for the arrow to point from
        left, right = (right - 24, right) if is_right else (left, left + 24)
    ends = (
        "" if is_right else (f"M{left + 6:.1f},9 L{left:.1f},14 L{left + 6:.1f},19" if low < -unit else f"M{left:.1f},9 V19"),
        "" if is_left else (f"M{right - 6:.1f},9 L{right:.1f},14 L{right - 6:.1f},19" if high > unit else f"M{right:.1f},9 V19"),
    )
    dot = max(MIDDLE - ROOM + 16, min(MIDDLE + ROOM - 16, at(estimate)))  # an arrow's head stays free
    mark = {
        BETTER: f'<path class="dot" d="M{dot:.1f},8.5 l5.5,9.5 h-11 z"/>',
        WORSE: f'<path class="dot" d="M{dot:.1f},19.5 l5.5,-9.5 h-11 z"/>',
        OPEN: f'<circle class="dot" cx="{dot:.1f}" cy="14" r="4.5"/>',
    }[state]
    parts = [
        f'<line class="zero" x1="{MIDDLE}" x2="{MIDDLE}" y1="2" y2="25"/>',
        f'<line class="limit" x1="{at(-allowed):.1f}" x2="{at(-allowed):.1f}" y1="4" y2="24"/>' if allowed > 0 else "",
        f'<line class="wanted" x1="{at(wanted):.1f}" x2="{at(wanted):.1f}" y1="4" y2="24"/>' if wanted > 0 else "",
        f'<path class="bar" d="M{left:.1f},14 H{right:.1f} {ends[0]} {ends[1]}"/>',
        mark,
        f'<text x="{at(-allowed):.1f}" y="33" class="mark">limit</text>' if allowed > 0 else "",
        f'<text x="{at(wanted):.1f}" y="33" class="mark">asked</text>' if wanted > 0 else "",
    ]
    return picture(f"interval {state}", WIDTH, HEIGHT, "Effect against its thresholds", label, identity, "".join(parts))


def bar(share: float, label: str, identity: str) -> Markup:
    """A share of a whole as a filled bar."""
    width = max(0.0, min(1.0, share)) * 200
    body = f'<rect class="whole" width="200" height="10" rx="2"/><rect class="part" width="{width:.1f}" height="10" rx="2"/>'
    return picture("share", 200, 10, "Share", label, identity, body)


def funnel(share: float, left: float, label: str, identity: str) -> Markup:
    """A step of a funnel: of all who set out, the share that comes here, and at its end the part of them that leaves here."""
    come = max(0.0, min(1.0, share)) * 200
    gone = come * max(0.0, min(1.0, left))
    body = (
        f'<rect class="whole" width="200" height="10" rx="2"/><rect class="part" width="{come - gone:.1f}" height="10"/>'
        f'<rect class="gone" x="{come - gone:.1f}" width="{gone:.1f}" height="10"/>'
    )
    return picture("share", 200, 10, "Funnel", label, identity, body)


def sparkline(values: Sequence[float | None], label: str, identity: str) -> Markup:
    """How a value went over equal steps of time, on its own scale; the last one has a dot. Gaps stay gaps."""
    known = [value for value in values if value is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    reach = (high - low) or 1.0
    across = 92 / max(1, len(values) - 1)
    spots = [None if value is None else (4 + index * across, 21 - (value - low) / reach * 18) for index, value in enumerate(values)]
    path, is_down = [], False
    for spot in spots:
        if spot is not None:
            path.append(f"{'L' if is_down else 'M'}{spot[0]:.1f},{spot[1]:.1f}")
        is_down = spot is not None
    last = next((spot for spot in reversed(spots) if spot is not None), None)
    dot = f'<circle class="dot" cx="{last[0]:.1f}" cy="{last[1]:.1f}" r="2.6"/>' if last else ""
    return picture("spark", 100, 24, "Over the weeks", label, identity, f'<path class="line" d="{" ".join(path)}"/>{dot}')


def picture(kind: str, width: float, height: float, title: str, label: str, identity: str, body: str) -> Markup:
    """An SVG image with a title and a description. `body` is markup of numbers and class names; texts in it are escaped by its maker."""
    head = Markup('<svg class="{}" viewBox="0 0 {} {}" role="img" aria-labelledby="{}-t {}-d" preserveAspectRatio="{}">').format(
        kind, f"{width:g}", f"{height:g}", identity, identity, "none" if kind == "share" else "xMidYMid meet"
    )
    words = Markup('<title id="{}-t">{}</title><desc id="{}-d">{}</desc>').format(identity, title, identity, label)
    return head + words + Markup(body) + Markup("</svg>")  # noqa: S704 -- see above
