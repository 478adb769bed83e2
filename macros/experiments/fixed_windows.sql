{# The window that decides an experiment, by its name: `7`, `30`, `90` or `all`. #}
{% macro decision_window(days) -%}case when {{ days }} is null then 'all' else {{ as_text(days) }} end{%- endmacro %}

{# The windows that end, shortest first. #}
{% macro fixed_windows() -%}
{%- set found = [] -%}
{%- for window, days in metric_windows().items() if days is not none -%}{%- do found.append(window) -%}{%- endfor -%}
{{ return(found) }}
{%- endmacro %}

{# Every pair of an earlier and a later window, by their numbers, with the length of the later one. #}
{% macro window_pairs() -%}
{%- set outer = fixed_windows() -%}
{%- for later in outer -%}
{%- set is_last, window_no = loop.last, loop.index -%}
{%- for earlier in outer[:loop.index0] -%}
select {{ loop.index }} as earlier_no, {{ window_no }} as window_no, cast({{ days_us(metric_windows()[later]) }} as bigint) as window_us
    {{- '\n    union all\n    ' if not (is_last and loop.last) }}
{%- endfor -%}
{%- endfor -%}
{%- endmacro %}

{# Has the window of a row, which holds exposed_us and window_no, passed by as_of (`now`)? What has no end counts at once. #}
{% macro window_has_passed(row) -%}
coalesce({{ row }}.exposed_us + case {{ row }}.window_no{% for window in fixed_windows() %} when {{ loop.index }} then {{ days_us(metric_windows()[window]) }}{% endfor %} end <= now.as_of_us, true)
{%- endmacro %}
