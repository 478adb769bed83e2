"""A small warehouse made by hand: the marts that the statistics read, with figures chosen so that each verdict occurs."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np

AS_OF = datetime(2026, 5, 5, 12, 0)

STATS_TYPES = {
    **dict.fromkeys(("experiment_id", "variant_id", "metric_id", "metric_window", "segment", "metric_kind"), "varchar"),
    "persons": "bigint",
    **dict.fromkeys("numerator denominator pivot_y pivot_d sum_y sum_d sum_yy sum_dd sum_yd".split(), "double"),
    **dict.fromkeys("pivot_x pivot_z sum_x sum_z sum_xx sum_zz sum_yx sum_yz sum_dx sum_dz sum_xz skew_unit sum_cubes".split(), "double"),
}

MARTS: dict[str, dict[str, str]] = {
    "as_of": {"as_of": "timestamp", "local_as_of": "timestamp"},
    "cfg_experiments": {
        **dict.fromkeys(
            "experiment_id experiment_name feature_class owner_team journey_id hypothesis what_changes design monitoring".split(), "varchar"
        ),
        "looks": "bigint",
        "spending": "varchar",
        "alpha": "double",
        "power": "double",
        "declared_on": "date",
        "started_on": "date",
        "ended_on": "date",
        "decision_window_days": "bigint",
        "planned_sample_per_variant": "bigint",
        "covariate_window_days": "bigint",
        "pain_point": "varchar",
        "correction": "varchar",
    },
    "cfg_experiment_variants": {
        "experiment_id": "varchar",
        "variant_id": "varchar",
        "is_control": "boolean",
        "expected_share": "double",
        "factor_levels": "varchar",
    },
    "cfg_experiment_metrics": {
        **dict.fromkeys(("experiment_id", "metric_id", "role", "good_direction"), "varchar"),
        **dict.fromkeys(("mde_relative", "min_lift_rollout", "max_harm_rollback"), "double"),
    },
    "cfg_value_assumptions": {
        **dict.fromkeys(("experiment_id", "stream", "metric_id"), "varchar"),
        **dict.fromkeys(("units_per_month", "qualified_share", "value_per_unit", "value_low", "value_high"), "double"),
        "is_direct": "boolean",
        "monthly_run_cost": "double",
        "one_off_cost": "double",
        "currency": "varchar",
    },
    "experiment_traffic": {"experiment_id": "varchar", "variant_id": "varchar", **dict.fromkeys(("exposed", "contaminated", "without_consent"), "bigint")},
    "experiment_metric_stats": STATS_TYPES,
    "experiment_metric_stats_daily": {**{name: kind for name, kind in STATS_TYPES.items() if name != "segment"}, "day": "date"},
    "experiment_traffic_daily": {"experiment_id": "varchar", "variant_id": "varchar", "day": "date", "exposed": "bigint"},
    "experiment_life_tables": {
        **dict.fromkeys(("experiment_id", "variant_id", "metric_id", "metric_window", "segment"), "varchar"),
        **dict.fromkeys(("bucket_start_s", "bucket_end_s", "at_risk", "events", "censored"), "bigint"),
    },
    "cfg_journey_steps": {"journey_id": "varchar", "step_id": "varchar", "step_name": "varchar"},
    "friction_cost": {
        "journey_id": "varchar",
        "step_id": "varchar",
        "entries": "bigint",
        "abandonments": "bigint",
        "expected_value_lost": "double",
        "priority_rank": "bigint",
        "currency": "varchar",
    },
    "fct_tickets": {"ticket_id": "varchar", "handover_timing": "varchar"},
    "source_audit": {
        "source_table": "varchar",
        "landed_until": "timestamp",
        **dict.fromkeys(("rows_in", "rows_accepted", "rows_duplicate", "rows_rejected", "rows_forgotten"), "bigint"),
    },
}


def share_row(experiment: str, variant: str, metric: str, persons: int, successes: int, **more: Any) -> dict[str, Any]:
    """Sufficient statistics of a share, shifted by a pivot of 0.1."""
    pivot = 0.1
    return {
        "experiment_id": experiment,
        "variant_id": variant,
        "metric_id": metric,
        "metric_window": "all",
        "segment": "all",
        "metric_kind": "share",
        "persons": persons,
        "numerator": float(successes),
        "denominator": None,
        "pivot_y": pivot,
        "pivot_d": 0.0,
        "sum_y": successes - persons * pivot,
        "sum_d": 0.0,
        "sum_yy": successes * (1 - pivot) ** 2 + (persons - successes) * pivot**2,
        "sum_dd": 0.0,
        "sum_yd": 0.0,
        **dict.fromkeys("pivot_x pivot_z sum_x sum_z sum_xx sum_zz sum_yx sum_yz sum_dx sum_dz sum_xz".split(), 0.0),
        "skew_unit": None,  # a share's tail is known from it
        "sum_cubes": None,
        **more,
    }


def _moments(letters: dict[str, np.ndarray]) -> dict[str, float]:
    """Pivots (rounded means) and shifted sums of y, d, x and z."""
    pivots = {letter: float(np.round(values.mean())) if values.size else 0.0 for letter, values in letters.items()}
    away = {letter: values - pivots[letter] for letter, values in letters.items()}
    pairs = "yy dd xx zz yd yx yz dx dz xz".split()
    return {
        **{f"pivot_{letter}": pivot for letter, pivot in pivots.items()},
        **{f"sum_{letter}": float(values.sum()) for letter, values in away.items()},
        **{f"sum_{pair}": float((away[pair[0]] * away[pair[1]]).sum()) for pair in pairs},
    }


def mean_row(experiment: str, variant: str, metric: str, y: np.ndarray, x: np.ndarray | None) -> dict[str, Any]:
    """Sufficient statistics of a mean, from each person's value and covariate."""
    y = np.asarray(y, dtype=float)
    nothing = np.zeros(y.size)
    moments = _moments({"y": y, "d": nothing, "x": nothing if x is None else x, "z": nothing})
    unit = float(y.std()) if y.size else 0.0
    tails = {"skew_unit": unit, "sum_cubes": float((((y - moments["pivot_y"]) / unit) ** 3).sum()) if unit else None}
    return {**share_row(experiment, variant, metric, y.size, 0), "metric_kind": "mean", "numerator": float(y.sum()), **moments, **tails}


def ratio_row(experiment: str, variant: str, metric: str, y: np.ndarray, d: np.ndarray) -> dict[str, Any]:
    """Sufficient statistics of a ratio of sums, from each person's numerator and denominator."""
    y, d = np.asarray(y, dtype=float), np.asarray(d, dtype=float)
    nothing = np.zeros(y.size)
    totals = {"metric_kind": "ratio", "numerator": float(y.sum()), "denominator": float(d.sum())}
    return {**share_row(experiment, variant, metric, y.size, 0), **totals, **_moments({"y": y, "d": d, "x": nothing, "z": nothing})}


def experiment(experiment_id: str, **more: Any) -> dict[str, Any]:
    return {
        "experiment_id": experiment_id,
        "experiment_name": experiment_id.replace("_", " ").capitalize(),
        "feature_class": "reduced_friction",
        "owner_team": "Shop",
        "journey_id": None,
        "hypothesis": "Less to type, more orders.",
        "what_changes": "layout",
        "design": "ab",
        "monitoring": "fixed",
        "looks": 1,
        "spending": None,
        "alpha": 0.05,
        "power": 0.8,
        "declared_on": date(2026, 1, 26),
        "started_on": date(2026, 2, 1),
        "ended_on": date(2026, 4, 1),
        "decision_window_days": None,
        "planned_sample_per_variant": 5000,
        "covariate_window_days": 28,
        "pain_point": "The <form> & its eight fields",
        "correction": "holm",
        **more,
    }


def marts() -> dict[str, list[dict[str, Any]]]:
    """Rows of every mart. `winner` ships, `harmful` harms a guardrail, `crooked` has an unsound split, `young` is still running."""
    outcomes = {
        "winner": (10_000, 1_000, 10_000, 1_300, 100, 100),
        "harmful": (10_000, 1_000, 10_000, 1_300, 100, 300),
        "crooked": (10_000, 1_000, 11_000, 1_500, 100, 110),
        "young": (400, 40, 400, 60, 4, 4),
    }
    content: dict[str, list[dict[str, Any]]] = {mart: [] for mart in MARTS}
    content["as_of"] = [{"as_of": AS_OF, "local_as_of": AS_OF}]
    for name, (n_control, y_control, n_variant, y_variant, g_control, g_variant) in outcomes.items():
        kind = {"design": "holdout"} if name == "winner" else {"ended_on": None} if name == "young" else {}
        content["cfg_experiments"].append(experiment(name, **kind))
        for variant, is_control, persons in (("old", True, n_control), ("new", False, n_variant)):
            arm = {"experiment_id": name, "variant_id": variant}
            content["cfg_experiment_variants"].append({**arm, "is_control": is_control, "expected_share": 0.5, "factor_levels": None})
            content["experiment_traffic"].append({**arm, "exposed": persons, "contaminated": 3, "without_consent": 0})
            for plan, part in (("free", 0.6), ("pro", 0.4)):
                successes = round(part * (y_control if is_control else y_variant))
                row = share_row(name, variant, "conversion", round(part * persons), successes, segment=f"plan={plan}")
                content["experiment_metric_stats"].append(row)
            content["experiment_metric_stats"] += [
                share_row(name, variant, "conversion", persons, y_control if is_control else y_variant),
                share_row(name, variant, "refund_rate", persons, g_control if is_control else g_variant),
            ]
        for metric_id, role, direction in (("conversion", "primary", "increase"), ("refund_rate", "guardrail", "decrease")):
            content["cfg_experiment_metrics"].append(
                {
                    "experiment_id": name,
                    "metric_id": metric_id,
                    "role": role,
                    "good_direction": direction,
                    "mde_relative": 0.1,
                    "min_lift_rollout": 0.05,
                    "max_harm_rollback": 0.5,
                }
            )
        for stream, is_direct in (("revenue_created", True), ("revenue_preserved", False)):
            content["cfg_value_assumptions"].append(
                {
                    "experiment_id": name,
                    "stream": stream,
                    "metric_id": "conversion",
                    "units_per_month": 10_000.0 if is_direct else None,
                    "qualified_share": 0.5,
                    "value_per_unit": 20.0,
                    "value_low": 15.0 if is_direct else None,
                    "value_high": 30.0 if is_direct else None,
                    "is_direct": is_direct,
                    "monthly_run_cost": 500.0,
                    "one_off_cost": 4_000.0 if is_direct else 0.0,
                    "currency": "EUR",
                }
            )
    content["cfg_journey_steps"] = [{"journey_id": "checkout", "step_id": "form", "step_name": "Delivery <form>"}]
    content["friction_cost"] = [
        {
            "journey_id": "checkout",
            "step_id": "form",
            "entries": 2_000,
            "abandonments": 500,
            "expected_value_lost": 1234.5,
            "priority_rank": 1,
            "currency": "EUR",
        }
    ]
    timings = ["missed", "late", "late", "early", "on_time", None]
    content["fct_tickets"] = [{"ticket_id": f"t{index}", "handover_timing": timing} for index, timing in enumerate(timings)]
    content["source_audit"] = [
        {"source_table": "events", "landed_until": AS_OF, "rows_in": 1_012, "rows_accepted": 1_000, "rows_duplicate": 7, "rows_rejected": 3, "rows_forgotten": 2}
    ]
    return content


def write_database(path: Path, content: dict[str, list[dict[str, Any]]]) -> None:
    import duckdb

    with duckdb.connect(str(path)) as connection:
        for mart, types in MARTS.items():
            declared = ", ".join(f'"{column}" {kind}' for column, kind in types.items())
            connection.execute(f"create table {mart} ({declared})")
            rows = [[row[column] for column in types] for row in content[mart]]
            if rows:
                connection.executemany(f"insert into {mart} values ({', '.join('?' * len(types))})", rows)


def write_project(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dbt_project.yml").write_text("name: empathy_roi\nprofile: empathy_roi\nvars:\n  reporting_currency: EUR\n")
    (folder / "profiles.yml").write_text(
        "empathy_roi:\n  target: duckdb\n  outputs:\n    duckdb:\n      type: duckdb\n"
        "      path: \"{{ env_var('EMPATHY_ROI_TEST_DATABASE', 'w.duckdb') }}\"\n      schema: main\n"
        "      threads: \"{{ env_var('EMPATHY_ROI_TEST_THREADS', '2') | as_number }}\"\n"
        "    elsewhere:\n      type: snowflake\n      schema: main\n"
    )
    return folder
