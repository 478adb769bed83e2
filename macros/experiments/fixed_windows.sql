{# The windows that end, shortest first. #}
{% macro fixed_windows() -%}
{%- set found = [] -%}
{%- for window, days in metric_windows().items() if days is not none -%}{%- do found.append(window) -%}{%- endfor -%}
{{ return(found) }}
{%- endmacro %}

{# Every pair of an earlier and a later window. #}
{% macro window_pairs() -%}
{%- set outer = fixed_windows() -%}
{%- for later in outer -%}
{%- set is_last = loop.last -%}
{%- for earlier in outer[:loop.index0] -%}
select '{{ earlier }}' as earlier_window, '{{ later }}' as metric_window
    {{- '\n    union all\n    ' if not (is_last and loop.last) }}
{%- endfor -%}
{%- endfor -%}
{%- endmacro %}
