{# The rows of one fact, of persons, for each part of a metric that their experiment wants. #}
{% macro acts_of_source(source, persons, carried, condition) -%}
select
            parts.metric_key,
            parts.is_numerator,
            persons.person_key,
            persons.exposed_us,
            persons.covariate_us,
            {%- for column in carried if column != 'exposed_us' %}
            persons.{{ column }},
            {%- endfor %}
            {%- if source.last_days %}
            parts.window_no,
            parts.from_us,
            parts.to_us,
            {%- endif %}
            {%- for column in ['happened_us', 'until_us', 'event_us', 'known_us', 'amount'] %}
            {{ by_part(source.parts, column) }} as {{ column }}{{ ',' if not loop.last }}
            {%- endfor %}
        from {{ ref(source.name) }} as facts
        inner join (
            select
                experiment_id,
                person_key,
                person_id as compared_person_id,
                journey_id as compared_journey_id,
                {%- for column in carried if column != 'exposed_us' %}
                {{ column }},
                {%- endfor %}
                exposed_us,
                covariate_us
            from {{ ref(persons) }}
            where {{ condition }}
        ) as persons
            on
                facts.person_id = persons.compared_person_id
                {%- if source.journey_column %}
                and (persons.compared_journey_id is null or persons.compared_journey_id = facts.{{ source.journey_column }})
                {%- endif %}
        inner join (
            select
                metrics.experiment_id,
                metrics.metric_key,
                parts.part_no,
                parts.is_numerator
                {%- if source.last_days %},
                spans.window_no,
                spans.from_us,
                spans.to_us
                {%- endif %}
            from {{ ref('int_experiment_metrics') }} as metrics
            inner join (
                {% for part in source.parts -%}
                select '{{ part.metric_id }}' as metric_id, {{ loop.index }} as part_no, {{ part.is_numerator }} as is_numerator
                {%- if not loop.last %}
                union all
                {% endif %}
                {%- endfor %}
            ) as parts
                on metrics.metric_id = parts.metric_id
            {%- if source.last_days %}
            cross join (
                select 0 as window_no, cast(-{{ days_us(source.last_days) }} as bigint) as from_us, cast(0 as bigint) as to_us
                {%- for window, days in metric_windows().items() if window in source.windows %}
                union all
                select {{ (metric_windows() | list).index(window) + 1 }} as window_no, {{ days_us([days - source.last_days, 0] | max) }} as from_us, {{ days_us(days) }} as to_us
                {%- endfor %}
            ) as spans
            {%- endif %}
        ) as parts
            on persons.experiment_id = parts.experiment_id
{%- endmacro %}

{# An expression by part; parts that share one are told together. #}
{% macro by_part(parts, column) -%}
{%- set numbers = {} -%}
{%- for part in parts -%}{%- do numbers.setdefault(part[column], []).append(loop.index) -%}{%- endfor -%}
{%- if numbers | length == 1 -%}{{ numbers | first }}
{%- else -%}
case
            {%- for expression, of_parts in numbers.items() %}
                {{ 'else' if loop.last else 'when parts.part_no in (' ~ of_parts | join(', ') ~ ') then' }} {{ expression }}
            {%- endfor %}
            end
{%- endif -%}
{%- endmacro %}
