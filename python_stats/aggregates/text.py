"""The read-out of `empathy-roi compare`, as text and as plain data."""

from typing import Any

from python_stats.aggregates.request import Answer
from python_stats.wording import columns_of_text, percent, points, significant, told_apart

Row = dict[str, Any]

_HEAD = ("metric", "variant", "control", "value", "effect", "interval", "relative", "interval", "p", "adjusted", "status")


def as_json(answer: Answer) -> dict[str, Any]:
    """Results, split, verdict and notes; None for what is not known."""
    split, verdict = answer.split, answer.verdict
    return {
        "evidence": answer.evidence,
        "verdict": None if verdict is None else {"verdict": verdict.verdict, "reason": verdict.reason, "sentence": verdict.sentence},
        "split": None
        if split is None
        else {"status": split.status, "is_sound": split.is_sound, "chi_square": split.chi_square, "p_value": split.p_value},
        "results": list(answer.results),
        "notes": list(answer.notes),
    }


def as_text(answer: Answer) -> str:
    """A table for a terminal, what to know about it, and the verdict."""
    lines = [f"{answer.evidence}", ""]
    lines += columns_of_text(_HEAD, [_cells(row) for row in answer.results])
    lines.append("")
    if answer.split is not None:
        p_value = _p(answer.split.p_value)
        p_value = f"p {p_value}" if p_value[0] == "<" else f"p = {p_value}"
        lines.append(f"split: {'sound' if answer.split.is_sound else 'unsound'} ({answer.split.status}, {p_value})")
    lines += answer.notes
    if answer.verdict is not None:
        lines += ["", f"{answer.verdict.verdict}: {answer.verdict.sentence}"]
    return "\n".join(lines)


def _cells(row: Row) -> tuple[str, ...]:
    is_share = row["metric_kind"] == "share"

    def value(amount: float | None, more: int) -> str:
        return percent(amount, more=more) if is_share else significant(amount, 4 + more)

    def change(name: str) -> str:
        if row[name] is None:
            return "–"
        return points(row[name], 2) if is_share else significant(row[name], 4, signed=True)

    return (
        row["metric_id"] + "".join(f" [{row[part]}]" for part in ("metric_window", "segment") if row[part] != "all"),
        row["variant_id"],
        *told_apart(value, row["control_value"], row["variant_value"]),
        change("effect"),
        f"{change('ci_low')} … {change('ci_high')}",
        percent(row["relative_effect"], signed=True),
        f"{percent(row['relative_ci_low'], signed=True)} … {percent(row['relative_ci_high'], signed=True)}",
        _p(row["p_value"]),
        _p(row["p_adjusted"]),
        row["status"] if row["status"] != "ok" else row["relative_status"],
    )


def _p(value: float | None) -> str:
    if value is None:
        return "–"
    return "< 0.0001" if value < 1e-4 else f"{value:.4f}"
