{#
  Sufficient statistics: sums of first and second moments of y (numerator), d (denominator), x and z (the same two before the
  exposure), each shifted by its pivot, as whole numbers; y and x of some metrics are in millionths.
#}
{% macro moment_pairs() -%}{{ return(['yy', 'dd', 'xx', 'zz', 'yd', 'yx', 'yz', 'dx', 'dz', 'xz']) }}{%- endmacro %}

{# A value minus its pivot, wide enough to be squared and summed. #}
{% macro shifted(letter, value=none) -%}
(cast({{ value if value is not none else letter }} as {{ type_wide_integer() }}) - pivot_{{ letter }})
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
    {{ in_units('y + persons * cast(pivot_y as ' ~ type_wide_integer() ~ ')', 'y') }} as numerator,
    case when metric_kind = 'ratio' then {{ in_units('d + persons * cast(pivot_d as ' ~ type_wide_integer() ~ ')', 'd') }} end as denominator,
    {% for letter in 'ydxz' -%}
    {{ in_units('pivot_' ~ letter, letter) }} as pivot_{{ letter }},
    {% endfor -%}
    {% for moment in ['y', 'd', 'x', 'z'] + moment_pairs() -%}
    {{ in_units(moment, moment) }} as sum_{{ moment }}{{ ',' if not loop.last }}
    {% endfor %}
{%- endmacro %}

{# A person's value of a metric from its sum: a share only asks whether it happened at all. #}
{% macro person_value(expression, metric_id) -%}
(case when {{ metric_id }} in {{ metric_ids(['share']) }} then case when {{ expression }} > 0 then 1 else 0 end else {{ expression }} end)
{%- endmacro %}

{#
  Adds the part of the persons who have no row because nothing happened to them: their number times that of (0 - pivot).
#}
{% macro with_persons_at_zero(relation, keys) %}
    select
        {% for key in keys -%}
        {{ key }},
        {% endfor -%}
        scale,
        persons,
        {% for letter in 'ydxz' -%}
        pivot_{{ letter }},
        {{ letter }} - persons_at_zero * cast(pivot_{{ letter }} as {{ type_wide_integer() }}) as {{ letter }},
        {% endfor -%}
        {% for pair in moment_pairs() -%}
        {{ pair }} + persons_at_zero * cast(pivot_{{ pair[0] }} as {{ type_wide_integer() }}) * pivot_{{ pair[1] }} as {{ pair }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ relation }}
{%- endmacro %}

{# What the skewness is that of: e = y, or e = y - R d where the metric is a ratio; as it deviates, for cubing. #}
{% macro deviation(y, d) -%}
case when pivots.metric_kind = 'ratio' then {{ y }} - pivots.ratio * {{ d }} else {{ y }} - pivots.pivot_y end
{%- endmacro %}

{# skew_unit and sum_cubes in the metric's own unit. A person at zero adds the cube of (0 - pivot), or nothing where the metric is a ratio. #}
{% macro skewness_in_units() %}
    skew_unit / scale as skew_unit,
    case
        when skew_unit is not null then cast(
            cubes + case when metric_kind = 'ratio' then 0 else persons_at_zero * {{ cube_in_millionths('0 - pivot_y') }} end as {{ type_double() }}
        ) / 1000000
    end as sum_cubes
{%- endmacro %}

{# The cube of a deviation in units of skew_unit, as whole millionths. #}
{% macro cube_in_millionths(deviation) -%}
{%- set unit = '(cast(' ~ deviation ~ ' as ' ~ type_double() ~ ') / skew_unit)' -%}
cast({{ rounded(unit ~ ' * ' ~ unit ~ ' * ' ~ unit ~ ' * 1000000') }} as {{ type_wide_integer() }})
{%- endmacro %}
