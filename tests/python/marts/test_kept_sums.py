"""Sums over persons that are kept from run to run, worked out by hand: what one exposed person has spent, in an experiment of the project's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from builds import PROJECT, RAW_KEYS, Inputs, Row, build, content_of, differing, rows_of, slow, write_csv

MARTS = ["experiment_metric_stats", "experiment_metric_stats_daily", "experiment_window_stats"]
SELECTED = ("--select", *(f"+{mart}" for mart in MARTS))
KEPT = ["int_change_sums", "int_pair_sums"]
MILLION = 1_000_000


def exposure(person: str, moment: str) -> Row:
    return {"assignment_id": person, "user_id": person, "anonymous_id": "", "experiment_id": "cart_recovery_context", "variant_id": "knows_the_cart",
            "assigned_at": moment, "received_at": moment}  # fmt: skip


def purchase(person: str, moment: str, amount: int) -> Row:
    return {"transaction_id": f"{person} {moment}", "user_id": person, "transaction_type": "purchase", "amount": str(amount), "currency": "EUR",
            "occurred_at": moment, "received_at": moment}  # fmt: skip


EXPOSED = [exposure("ann", "2026-02-10 10:00"), exposure("bob", "2026-02-11 10:00")]
BOUGHT = [
    purchase("ann", "2026-02-01 09:00", 2),  # before she was exposed
    purchase("ann", "2026-02-12 09:00", 10),
    purchase("ann", "2026-02-25 09:00", 30),  # after her week, which passes on the 17th; her month passes on 12 March
    purchase("bob", "2026-02-12 09:00", 5),
    purchase("bob", "2026-02-12 10:00", 4_111_111_111_111_111),  # the number of a card: rejected, or no sum would hold it
    purchase("bob", "2026-02-12 11:00", 1_000_000_000_000),
]
LATE = purchase("ann", "2026-02-13 09:00", 4)
COPY = LATE | {"occurred_at": "2026-02-14 08:00", "received_at": "2026-02-13 08:00"}  # received earlier: it takes the place of the other


def land(folder: Path, bought: list[Row], as_of: str) -> Inputs:
    write_csv(folder / "experiment_assignments.csv", EXPOSED)
    write_csv(folder / "transactions.csv", bought)
    disabled = [table for table in RAW_KEYS if table not in ("experiment_assignments", "transactions")]
    return Inputs(PROJECT / "seeds", str(folder / "{table}.csv"), {"disabled_tables": disabled, "as_of": as_of})


def state(database: Path, name: str, moments: str, where: str) -> dict[tuple[Any, ...], tuple[int, ...]]:
    """The newest state of a table of kept sums for the revenue of the exposed, whole numbers by its keys."""
    rows = rows_of(database, f"""
        select {where}, day::varchar as day, {moments} from {name} inner join int_experiment_metrics using (metric_key)
        where metric_id = 'revenue' and experiment_id = 'cart_recovery_context' and run_no = (select max(run_no) from {name})
    """)  # fmt: skip
    keys = [*where.split(", "), "day"]
    return {tuple(row.pop(key) for key in keys): tuple(int(value) for value in row.values()) for row in rows}


def numerators(database: Path) -> dict[str, float]:
    rows = rows_of(database, "select * from experiment_metric_stats where metric_id = 'revenue' and variant_id = 'knows_the_cart' and segment = 'all'"
                             " and experiment_id = 'cart_recovery_context'")  # fmt: skip
    return {row["metric_window"]: row["numerator"] for row in rows}


def is_full(database: Path) -> list[bool]:
    """Of the last build of each table of kept sums: was it taken anew?"""
    return [
        rows_of(database, f"select is_full from int_builds where model_name = '{name}' order by run_no desc limit 1")[0]["is_full"]
        for name in KEPT
    ]


@slow
def test_what_touched_persons_add_is_taken_away_and_added(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    inputs = land(raw, BOUGHT, "2026-02-18 09:00")
    database = build(tmp_path / "built.duckdb", inputs, *SELECTED)
    assert is_full(database) == [True, True]
    refused = rows_of(database, "select rejection_reason as reason, count(*) as rows from int_checked_transactions where rejection_reason is not null group by reason")
    assert refused == [{"reason": "invalid_amount", "rows": 2}]
    # by when a window passes, whether it has by as_of or not; for `all`, by when it happened (what was before comes with the exposure)
    of_windows = {(1, "2026-02-17"): (10, 2), (1, "2026-02-18"): (5, 0), (2, "2026-03-12"): (40, 2), (2, "2026-03-13"): (5, 0),
                  (3, "2026-05-11"): (40, 2), (3, "2026-05-12"): (5, 0)}  # fmt: skip
    of_all = {(4, "2026-02-10"): (0, 2), (4, "2026-02-12"): (15, 0), (4, "2026-02-25"): (30, 0)}
    assert state(database, "int_change_sums", f"y / {MILLION} as y, x / {MILLION} as x", "window_no") == of_windows | of_all
    # bob's week passes an hour after as_of; what the 25th brings is known to this warehouse already, and counts on the last day
    assert numerators(database) == {"7": 10.0, "30": 0.0, "90": 0.0, "all": 45.0}

    inputs = land(raw, [*BOUGHT, LATE], "2026-03-12 12:00")
    build(database, inputs, *SELECTED)
    assert is_full(database) == [False, False]
    replaced = rows_of(database, "select distinct person_id from int_replaced_changes inner join int_persons using (person_key)")
    assert replaced == [{"person_id": "u:ann"}]
    of_windows |= {(1, "2026-02-17"): (14, 2), (2, "2026-03-12"): (44, 2), (3, "2026-05-11"): (44, 2)}
    of_all[4, "2026-02-13"] = (4, 0)
    assert state(database, "int_change_sums", f"y / {MILLION} as y, x / {MILLION} as x", "window_no") == of_windows | of_all
    pairs = state(database, "int_pair_sums", f"x / {MILLION} as x, yx / {MILLION**2} as yx", "window_no, earlier_no")
    assert pairs[2, 1, "2026-03-12"] == (14, 44 * 14)
    assert pairs[2, 1, "2026-03-13"] == (5, 5 * 5)
    assert numerators(database) == {"7": 19.0, "30": 44.0, "90": 0.0, "all": 49.0}

    # back to the day on which her week passes, and before it has
    back = land(raw, [*BOUGHT, LATE, COPY], "2026-02-17 09:59:59")
    build(database, back, *SELECTED)
    assert is_full(database) == [False, False]
    del of_all[4, "2026-02-13"]
    of_all[4, "2026-02-14"] = (4, 0)
    assert state(database, "int_change_sums", f"y / {MILLION} as y, x / {MILLION} as x", "window_no") == of_windows | of_all
    assert numerators(database) == {"7": 0.0, "30": 0.0, "90": 0.0, "all": 49.0}

    # a part is built: rows are replaced, and nobody adds up what that changes
    bought = [*BOUGHT, LATE, COPY, purchase("bob", "2026-02-14 09:00", 1)]
    build(database, land(raw, bought, "2026-05-20 12:00"), "--select", "+int_person_changes")
    bought.append(purchase("bob", "2026-02-15 09:00", 2))
    build(database, land(raw, bought, "2026-05-20 12:00"), *SELECTED)
    assert is_full(database) == [True, True]
    assert numerators(database) == {"7": 22.0, "30": 52.0, "90": 52.0, "all": 52.0}

    # another part: old rows are noted, and nothing is replaced
    bought.append(purchase("bob", "2026-02-16 09:00", 3))
    build(database, land(raw, bought, "2026-05-20 12:00"), "--select", "+int_replaced_changes")
    bought.append(purchase("ann", "2026-02-16 09:00", 7))
    last = land(raw, bought, "2026-05-20 12:00")
    build(database, last, *SELECTED)
    assert is_full(database) == [True, True]
    assert numerators(database) == {"7": 32.0, "30": 62.0, "90": 62.0, "all": 62.0}
    anew = build(tmp_path / "anew" / "built.duckdb", last, *SELECTED)
    assert differing(content_of(database, MARTS), content_of(anew, MARTS)) == {}
