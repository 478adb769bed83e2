{#
  What persons did that counts for a metric of their experiment, from each fact in one pass: whatever the number of metrics, a fact is
  joined to the persons once, and every row that fits is taken for the parts (a numerator, a denominator) of those metrics alone that
  the experiment wants. One row per person, metric, day on which it was known (none before the exposure: that was known on entering),
  and windows in which it counts.
#}
{% macro person_acts(persons, carried, condition='1 = 1') -%}
{%- set known_on = 'case when not is_before then ' ~ local_day('known_us', var('reporting_timezone', 'UTC')) ~ ' end' -%}
select
    metric_key,
    person_key,
    {% for column in carried -%}
    min({{ column }}) as {{ column }},
    {% endfor -%}
    is_before,
    first_window,
    last_window,
    {{ known_on }} as known_on,
    cast(sum(case when is_numerator then amount else 0 end) as bigint) as y,
    cast(sum(case when is_numerator then 0 else amount end) as bigint) as d
from (
    {% for source in metric_parts() -%}
    select
        metric_key,
        person_key,
        {% for column in carried -%}
        {{ column }},
        {% endfor -%}
        is_numerator,
        amount,
        known_us,
        {{ placed_in_windows(source) }}
    from (
        {{ acts_of_source(source, persons, carried, condition) }}
    ) as acts
    where
        amount <> 0
        and until_us >= exposed_us - covariate_us
        {%- if source.last_days %}
        and happened_us - exposed_us < to_us
        and until_us - exposed_us >= from_us
        {%- else %}
        -- what was begun before the exposure and came after it counts nowhere
        and (happened_us >= exposed_us or event_us < exposed_us)
        {%- endif %}
    {{ 'union all' if not loop.last }}
    {% else -%}
    select cast(null as bigint) as metric_key
    {% endfor %}
) as everything
group by
    metric_key,
    person_key,
    is_before,
    first_window,
    last_window,
    {{ known_on }}
{%- endmacro %}

{#
  The windows in which something counts: from the shortest in which it lies, with its numerator's moment, to the longest; or before the
  exposure. Where only the last days of a window count, each window for itself.
#}
{% macro placed_in_windows(source) -%}
{%- if source.last_days -%}
window_no = 0 as is_before,
        case when window_no = 0 then 1 else window_no end as first_window,
        case when window_no = 0 then {{ metric_windows() | length }} else window_no end as last_window
{%- else -%}
happened_us < exposed_us as is_before,
        case
            when happened_us < exposed_us then 1
            {%- for window, days in metric_windows().items() if days is not none %}
            when greatest(happened_us, event_us) < exposed_us + {{ days_us(days) }} then {{ loop.index }}
            {%- endfor %}
            else {{ metric_windows() | length }}
        end as first_window,
        {{ metric_windows() | length }} as last_window
{%- endif -%}
{%- endmacro %}

{# What changed on a day, with what it came to by its end, and whether it is a person's first day with a change, or the last. #}
{% macro added_up_by_day(relation, letters) -%}
{%- set by_person = 'partition by metric_key, window_no, person_key order by day' -%}
select
        *,
        {% for letter in letters -%}
        cast(sum({{ letter }}) over ({{ by_person }} rows between unbounded preceding and current row) as bigint) as {{ letter }}_after,
        {% endfor -%}
        row_number() over ({{ by_person }}) = 1 as is_first,
        lead(day) over ({{ by_person }}) is null as is_last
    from {{ relation }}
{%- endmacro %}
