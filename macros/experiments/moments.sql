{#
  Sufficient statistics: sums of first and second moments of y (numerator), d (denominator), x and z (the same two before the
  exposure), as whole numbers; y and x of some metrics are in millionths. They are added up as they are, exactly, and shifted by
  their pivots at the end, when the pivots are known.
#}
{% macro moment_pairs() -%}{{ return(['yy', 'dd', 'xx', 'zz', 'yd', 'yx', 'yz', 'dx', 'dz', 'xz']) }}{%- endmacro %}

{% macro moments() -%}{{ return(['y', 'd', 'x', 'z'] + moment_pairs()) }}{%- endmacro %}

{# Those in which x or z has a part. #}
{% macro paired_moments() -%}{{ return(['x', 'z', 'xx', 'zz', 'yx', 'yz', 'dx', 'dz', 'xz']) }}{%- endmacro %}

{#
  Third moments of y and d. The cube of a y in millionths fits into no integer, so y is taken apart: y = 1000000 h + l, and Σy³ =
  10^18 Σh³ + 3 · 10^12 Σh²l + 3 · 10^6 Σhl² + Σl³. h is y / 1000000 to the nearest whole number, so that small numbers below 0 (NPS) have none:
  with h = −1 and l = 999999 for y = −1, terms near 10^18 would cancel in floating point, and leave 128.
#}
{% macro third_moments() -%}{{ return(['hhh', 'hhl', 'hll', 'lll', 'hhd', 'hld', 'lld', 'hdd', 'ldd', 'ddd']) }}{%- endmacro %}

{% macro all_moments() -%}{{ return(moments() + third_moments()) }}{%- endmacro %}

{#
  Sums of moments by some columns of `rows`, a query that has them and y, d, x and z as whole numbers. Products of small numbers fit into the plain
  integer, which is several times faster to add up than the wide one: larger numbers go a way of their own, unless it costs more to ask for the rows
twice. `sign` is `-` for what is to be taken away.
#}
{% macro sums_of_moments(rows, keys, letters, sign='', is_dear=false) -%}
{%- set limits = {'y': 2147483647, 'd': 1000000, 'x': 2147483647, 'z': 1000000} -%}
{%- for is_small in ([false] if is_dear else [true, false]) -%}
select
    {% for key in keys -%}
    {{ key }},
    {% endfor -%}
    {% for moment in letters -%}
    {{ sign }}{{ sum_wide(moment | join(' * ')) }} as {{ moment }}{{ ',' if not loop.last }}
    {% endfor %}
from (
    select
        sized.*,
        sized.y - sized.h * 1000000 as l
    from (
        select
            {% for key in keys -%}
            {{ key }},
            {% endfor -%}
            {% for letter in limits -%}
            {{ letter if is_small else 'cast(' ~ letter ~ ' as ' ~ type_wide_integer() ~ ')' }} as {{ letter }},
            {% endfor -%}
            cast(floor(cast(y as {{ type_double() }}) / 1000000 + 0.5) as {{ 'bigint' if is_small else type_wide_integer() }}) as h
        from (
            {{ rows }}
        ) as valued
        {%- if not is_dear %}
        where {{ 'not ' if not is_small }}({% for letter, limit in limits.items() %}{{ letter }} between -{{ limit }} and {{ limit }}{{ ' and ' if not loop.last }}{% endfor %})
        {%- endif %}{{ computed_once() }}
    ) as sized{{ computed_once() }}
) as split
group by {{ keys | join(', ') }}
{{ 'union all' if not loop.last }}
{% endfor %}
{%- endmacro %}

{# The sum over all persons of a moment, or of two, each minus its pivot: exact. #}
{% macro shifted_sum(letters) -%}
{%- set a, b = letters[0], letters[-1] -%}
{%- if letters | length == 1 -%}
{{ a }} - persons * cast(pivot_{{ a }} as {{ type_wide_integer() }})
{%- else -%}
{{ letters }} - cast(pivot_{{ a }} as {{ type_wide_integer() }}) * {{ b }} - cast(pivot_{{ b }} as {{ type_wide_integer() }}) * {{ a }} + persons * cast(pivot_{{ a }} as {{ type_wide_integer() }}) * pivot_{{ b }}
{%- endif -%}
{%- endmacro %}

{# From whole numbers back to the metric's own unit: y and x carry the scale, d and z do not. #}
{% macro in_units(expression, letters) -%}
{%- set scaled = letters | select('in', 'yx') | list | length -%}
(cast({{ expression }} as {{ type_double() }}){{ ' / scale' * scaled }})
{%- endmacro %}

{# The scale of each metric's numerator. #}
{% macro metric_scale(metric_id) -%}
case{% for id, metric in metric_definitions().items() if (metric.numerator or metric).in_millionths %} when {{ metric_id }} = '{{ id }}' then 1000000{% endfor %} else 1 end
{%- endmacro %}

{% macro metric_kind(metric_id) -%}
case {{ metric_id }}{% for id, metric in metric_definitions().items() %} when '{{ id }}' then '{{ metric.kind }}'{% endfor %} end
{%- endmacro %}

{# The last step of every table of statistics: totals, pivots and sums in the metric's own unit. #}
{% macro statistics_in_units() %}
    cast(persons as bigint) as persons,
    {{ in_units('y', 'y') }} as numerator,
    case when metric_kind = 'ratio' then {{ in_units('d', 'd') }} end as denominator,
    {% for letter in 'ydxz' -%}
    {{ in_units('pivot_' ~ letter, letter) }} as pivot_{{ letter }},
    {% endfor -%}
    {% for moment in moments() -%}
    {{ in_units(shifted_sum(moment), moment) }} as sum_{{ moment }}{{ ',' if not loop.last }}
    {% endfor %}
{%- endmacro %}

{#
  skew_unit and sum_cubes in the metric's own unit. The skewness is that of e = y − pivot_y, or of e = y − R d where the metric is a ratio R; Σe³ is
  put together of moments that are exact.
#}
{% macro skewness_in_units() %}
{%- set double = type_double() -%}
    skew_unit / scale as skew_unit,
    case
        when skew_unit is null then null
        when metric_kind = 'ratio'
            then (
                {{ cubes_of_y() }}
                - 3 * ratio * (cast(hhd as {{ double }}) * 1e12 + 2 * cast(hld as {{ double }}) * 1e6 + cast(lld as {{ double }}))
                + 3 * ratio * ratio * (cast(hdd as {{ double }}) * 1e6 + cast(ldd as {{ double }}))
                - ratio * ratio * ratio * cast(ddd as {{ double }})
            ) / (skew_unit * skew_unit * skew_unit)
        else (
            {{ cubes_of_y() }}
            - 3 * cast(pivot_y as {{ double }}) * cast(yy as {{ double }})
            + 3 * cast(pivot_y as {{ double }}) * pivot_y * cast(y as {{ double }})
            - cast(pivot_y as {{ double }}) * pivot_y * pivot_y * cast(persons as {{ double }})
        ) / (skew_unit * skew_unit * skew_unit)
    end as sum_cubes
{%- endmacro %}

{% macro cubes_of_y() -%}
{%- set double = type_double() -%}
cast(hhh as {{ double }}) * 1e18 + 3 * cast(hhl as {{ double }}) * 1e12 + 3 * cast(hll as {{ double }}) * 1e6 + cast(lll as {{ double }})
{%- endmacro %}
