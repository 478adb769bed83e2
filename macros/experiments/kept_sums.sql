{#
  Sums over persons that are kept: what the rows of touched persons added goes, and what their new rows add comes. So a day costs what has
  changed. int_replaced_changes holds the old rows: it is built before int_person_changes replaces them.
#}

{#
  Can a model take up this run's differences? Both tables were built in this run, and before it each of the last builds rests on the one before:
  old rows were noted, then replaced, then added up. Otherwise something is missing, or would count twice, and the sums are taken anew.
#}
{% macro takes_differences() -%}
{%- if not builds_increment() -%}{{ return(false) }}{%- endif -%}
{%- set memory = memory() -%}
{%- set last = [] -%}
{%- for name in ['int_replaced_changes', 'int_person_changes', model.name] -%}
    {%- do last.append(memory.builds.get(name, {}).get('run_no', 0)) -%}
    {%- if name != model.name and ('model.empathy_roi.' ~ name) not in memory.built -%}{{ return(false) }}{%- endif -%}
{%- endfor -%}
{{ return(0 < last[0] <= last[1] <= last[2]) }}
{%- endmacro %}

{# What a build adds up: relation, condition and sign. #}
{% macro rows_to_add_up() -%}
{%- if takes_differences() -%}
{{ return([(ref('int_person_changes'), 'run_no > ' ~ last_build('int_person_changes').run_no, ''), (ref('int_replaced_changes'), '1 = 1', '-')]) }}
{%- endif -%}
{{ return([(ref('int_person_changes'), '1 = 1', '')]) }}
{%- endmacro %}

{#
  A model of kept sums holds a state for its last run, and writes a new one beside it; older ones, and one that was left by a run that died, go first.
#}
{% macro kept_sums() -%}
{{ replaces("'run_no <> ' ~ last_build(model.name).run_no") }}
{{ is_built_after('int_replaced_changes') }}
{{ is_built_after('int_person_changes') }}
{%- endmacro %}

{# The new state, of the last one and of what the CTE `added` adds to it. What adds up to nothing has no row. #}
{% macro new_state(keys, letters) -%}
select
    {% for column in keys + letters -%}
    {{ column }},
    {% endfor -%}
    {{ run_number() }} as run_no
from (
    select
        {% for key in keys -%}
        {{ key }},
        {% endfor -%}
        {% for moment in letters -%}
        sum({{ moment }}) as {{ moment }}{{ ',' if not loop.last }}
        {% endfor %}
    from (
        select {{ (keys + letters) | join(', ') }} from added
        {%- if takes_differences() %}
        union all
        select {{ (keys + letters) | join(', ') }} from {{ this }} where {{ increment_marker() }} run_no = {{ last_build(model.name).run_no }}
        {%- endif %}
    ) as states
    group by {{ keys | join(', ') }}
) as summed
where {% for moment in letters %}{{ moment }} <> 0{{ ' or ' if not loop.last }}{% endfor %}
{%- endmacro %}

{# The state as of now. #}
{% macro state_of(name) -%}
(select states.* from {{ ref(name) }} as states where states.run_no = (select max(newest.run_no) from {{ ref(name) }} as newest))
{%- endmacro %}

{# What there is after rows of int_person_changes, or, where there was something, what had been before them. #}
{% macro changed_figures(relation, condition, is_after) -%}
select
        metric_key,
        variant_key,
        window_no,
        day,
        {{ 'y' if is_after else 'y_before' }} as y,
        {{ 'd' if is_after else 'd_before' }} as d,
        x,
        z
    from {{ relation }}
    where {{ condition }}{{ ' and not is_first' if not is_after }}
{%- endmacro %}

{#
  Persons' values in every pair of windows: y and d of the later one, x and z of the earlier; by the day on which the later one has passed. Who has
  nothing in any window has no row, and is at 0.
#}
{% macro paired_figures(relation, condition) -%}
{%- set fixed = fixed_windows() -%}
select
        valued.metric_key,
        valued.variant_key,
        valued.exposed_us,
        pairs.window_no,
        pairs.earlier_no,
        {{ local_day('valued.exposed_us + pairs.window_us - 1', var('reporting_timezone', 'UTC')) }} as day,
        {% for letter, of, place in [('y', 'y', 'window_no'), ('d', 'd', 'window_no'), ('x', 'y', 'earlier_no'), ('z', 'd', 'earlier_no')] -%}
        coalesce(case pairs.{{ place }}{% for window in fixed %} when {{ loop.index }} then valued.{{ of }}_{{ window }}{% endfor %} end, 0) as {{ letter }}{{ ',' if not loop.last }}
        {% endfor %}
    from (
        select
            metric_key,
            variant_key,
            person_key,
            exposed_us,
            {% for window in fixed -%}
            {% set outer = loop -%}
            {% for letter in 'yd' -%}
            max(case when window_no = {{ outer.index }} then {{ letter }} end) as {{ letter }}_{{ window }}{{ ',' if not (loop.last and outer.last) }}
            {% endfor -%}
            {% endfor %}
        from {{ relation }}
        where is_last and window_no <= {{ fixed | length }} and {{ condition }}
        group by metric_key, variant_key, person_key, exposed_us
    ) as valued
    cross join (
        {{ window_pairs() }}
    ) as pairs
{%- endmacro %}
