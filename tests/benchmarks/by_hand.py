"""The sufficient statistics of experiment_metric_stats as one would write them by hand in DuckDB: pivots first, then the shifted sums."""

from __future__ import annotations

_PAIRS = ("yy", "dd", "xx", "zz", "yd", "yx", "yz", "dx", "dz", "xz")


def _scaled(expression: str, letters: str) -> str:
    return f"({expression})::double" + " / scale" * sum(letter in "yx" for letter in letters)


#: Each person's values minus the pivots, then sums; those of the persons without a row are their number times that of (0 - pivot).
HAND = f"""
with persons as (select experiment_id, variant_id, variant_key, sum(persons) as n from int_window_entries join int_experiment_variants using (variant_key) group by all),
added as (
    select metric_key, window_no, {", ".join(f"sum({letter}) as t_{letter}" for letter in "ydxz")},
        {", ".join(f"sum({a}::hugeint * {b}) as t_{a}{b}" for a, b in ("yy", "yd", "dd"))}
    from int_person_changes group by all
),
totals as (
    select *, t_y::double - n * p_y as s_y, t_d::double - n * p_d as s_d
    from (
        select w.*, a.* exclude (metric_key, window_no), p.n, case when metric_kind = 'ratio' then t_y::double / t_d else 0 end as r,
            {", ".join(f"round(t_{letter}::double / p.n)::bigint as p_{letter}" for letter in "ydxz")}
        from added as a join int_metric_windows as w using (metric_key, window_no)
        join (select experiment_id, sum(n) as n from persons group by all) as p using (experiment_id)
    )
),
units as (
    select *,
        (t_yy - 2 * t_y * p_y + n::hugeint * p_y::hugeint * p_y)::double as s_yy,
        (t_yd - t_y * p_d - t_d * p_y + n::hugeint * p_y::hugeint * p_d)::double as s_yd,
        (t_dd - 2 * t_d * p_d + n::hugeint * p_d::hugeint * p_d)::double as s_dd
    from totals
),
pivots as (
    select *, sqrt((s_yy - 2 * r * s_yd + r * r * s_dd - (s_y - r * s_d) * (s_y - r * s_d) / n) / (n - 1)) as unit from units
),
deviations as (
    select c.metric_key, c.variant_key, {", ".join(f"c.{letter} - p_{letter} as {letter}" for letter in "ydxz")},
        case when metric_kind = 'ratio' then c.y - r * c.d else c.y - p_y end::double / unit as e
    from int_person_changes as c join pivots using (metric_key, window_no)
),
sums as (
    select metric_key, variant_key, count(*) as rows, {", ".join(f"sum({letter}) as {letter}" for letter in "ydxz")},
        {", ".join(f"sum({pair[0]}::hugeint * {pair[1]}) as {pair}" for pair in _PAIRS)},
        sum(e * e * e) as cubes
    from deviations group by all
),
filled as (
    select p.*, o.variant_id, o.n as persons,
        {", ".join(f"s.{letter} - (o.n - s.rows) * p_{letter} as {letter}" for letter in "ydxz")},
        {", ".join(f"s.{pair} + (o.n - s.rows)::hugeint * p_{pair[0]}::hugeint * p_{pair[1]} as {pair}" for pair in _PAIRS)},
        s.cubes + case when metric_kind = 'ratio' then 0 else (o.n - s.rows) * ((0 - p_y) / unit * ((0 - p_y) / unit) * ((0 - p_y) / unit)) end as cubes
    from sums as s join persons as o using (variant_key) join pivots as p on s.metric_key = p.metric_key
)
select experiment_id, variant_id, metric_id, metric_window, metric_kind, persons::bigint as persons,
    {_scaled("y + persons * p_y::hugeint", "y")} as numerator,
    {", ".join(f"{_scaled(f'p_{letter}', letter)} as pivot_{letter}" for letter in "ydxz")},
    {", ".join(f"{_scaled(moment, moment)} as sum_{moment}" for moment in ("y", "d", "x", "z", *_PAIRS))},
    unit / scale as skew_unit, cubes as sum_cubes
from filled
"""
