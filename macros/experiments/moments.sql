{#
  Sufficient statistics: sums of first and second moments of y (numerator), d (denominator), x and z (the same two before the
  exposure), as whole numbers; y and x of some metrics are in millionths. They are added up as they are, exactly, and shifted by
  their pivots at the end, when the pivots are known.
#}
{% macro moment_pairs() -%}{{ return(['yy', 'dd', 'xx', 'zz', 'yd', 'yx', 'yz', 'dx', 'dz', 'xz']) }}{%- endmacro %}

{% macro moments() -%}{{ return(['y', 'd', 'x', 'z'] + moment_pairs()) }}{%- endmacro %}

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

{# What the skewness is that of: e = y, or e = y - R d where the metric is a ratio; as it deviates, for cubing. #}
{% macro deviation(y, d, of='pivots.') -%}
case when {{ of }}metric_kind = 'ratio' then {{ y }} - {{ of }}ratio * {{ d }} else {{ y }} - {{ of }}pivot_y end
{%- endmacro %}

{# skew_unit and sum_cubes in the metric's own unit: `begun` of the persons have a row, the others are at 0. #}
{% macro skewness_in_units() %}
    skew_unit / scale as skew_unit,
    case
        when skew_unit is not null
            then cast(cubes + case when metric_kind = 'ratio' then 0 else (persons - begun) * {{ cube_in_millionths('0 - pivot_y') }} end as {{ type_double() }}) / 1000000
    end as sum_cubes
{%- endmacro %}

{# The cube of a deviation in units of skew_unit, as whole millionths. #}
{% macro cube_in_millionths(deviation) -%}
{%- set unit = '(cast(' ~ deviation ~ ' as ' ~ type_double() ~ ') / skew_unit)' -%}
cast({{ rounded(unit ~ ' * ' ~ unit ~ ' * ' ~ unit ~ ' * 1000000') }} as {{ type_wide_integer() }})
{%- endmacro %}
