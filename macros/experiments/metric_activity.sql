{# A column of moments in microseconds, or another expression where there is none. #}
{% macro moment_us(column, otherwise='null') -%}
{{ epoch_us(column) if column else otherwise }}
{%- endmacro %}

{# What a row adds to a sum, as a whole number: a share asks only whether it happened. #}
{% macro row_value(block, expr=none) -%}
{%- if block is none -%}cast(0 as bigint)
{%- elif block.agg == 'count_distinct' -%}cast(case when {{ block.expr }} is not null then 1 else 0 end as bigint)
{%- elif block.in_millionths -%}{{ millionths(expr or block.expr) }}
{%- else -%}cast({{ expr or block.expr }} as bigint)
{%- endif -%}
{%- endmacro %}

{# The rows of a metric's source that count, with their moments and what they add. #}
{% macro metric_rows(metric) -%}
{%- set numerator, denominator = metric.numerator, metric.denominator or {} -%}
{%- set happened_us = epoch_us(numerator.happened_at) -%}
{%- set until_us = moment_us(numerator.ends_at, happened_us) -%}
select
            person_id,
            {{ metric.journey_column or 'cast(null as ' ~ dbt.type_string() ~ ')' }} as journey_id,
            {{ happened_us }} as happened_us,
            {{ until_us }} as until_us,
            {{ moment_us(numerator.event_at, happened_us) }} as event_us,
            {{ moment_us(denominator.known_at, happened_us) }} as known_us,
            {{ moment_us(numerator.known_at, happened_us) }} as numerator_known_us,
            {{ row_value(numerator) }} as y,
            {{ row_value(metric.denominator) }} as d
        from {{ ref(metric.source) }}
        {%- if numerator.withdrawn_at %}
        {#- what is taken back later counted until then #}
        {%- set difference = row_value(numerator, numerator.expr_before_withdrawal) ~ ' - ' ~ row_value(numerator) %}
        {%- for sign, known_at in [('', numerator.known_at), ('-', numerator.withdrawn_at)] %}
        union all
        select
            person_id,
            {{ metric.journey_column or 'cast(null as ' ~ dbt.type_string() ~ ')' }} as journey_id,
            {{ happened_us }} as happened_us,
            {{ until_us }} as until_us,
            {{ happened_us }} as event_us,
            {{ happened_us }} as known_us,
            {{ moment_us(known_at, happened_us) }} as numerator_known_us,
            {{ sign }}({{ difference }}) as y,
            cast(0 as bigint) as d
        from {{ ref(metric.source) }}
        where {{ numerator.withdrawn_at }} is not null
        {%- endfor %}
        {%- endif %}
{%- endmacro %}

{# The activity of one metric in the experiments that want it, of persons with an exposure: one branch of int_experiment_activity. #}
{% macro metric_activity(metric_id, metric, persons='int_compared_persons') -%}
{%- set age_us = 'activity.happened_us - persons.exposed_us' -%}
select
    persons.experiment_id,
    '{{ metric_id }}' as metric_id,
    persons.person_key,
    {%- if metric.last_days %}
    greatest({{ age_us }}, spans.from_us) as age_us,
    greatest({{ age_us }}, spans.from_us) as numerator_age_us,
    {%- else %}
    {{ age_us }} as age_us,
    coalesce(activity.event_us, activity.happened_us) - persons.exposed_us as numerator_age_us,
    {%- endif %}
    greatest(activity.happened_us, activity.known_us) as known_us,
    greatest(activity.happened_us, activity.known_us, coalesce(activity.event_us, activity.happened_us), activity.numerator_known_us) as numerator_known_us,
    activity.y,
    activity.d
from {{ ref(persons) }} as persons
inner join {{ ref('int_experiment_metrics') }} as metrics
    on persons.experiment_id = metrics.experiment_id and metrics.metric_id = '{{ metric_id }}'
inner join (
        {{ metric_rows(metric) }}
) as activity
    on
        persons.person_id = activity.person_id
        and (activity.y <> 0 or activity.d <> 0)
        and activity.until_us >= persons.exposed_us - persons.covariate_us
        {%- if metric.journey_column %}
        and (persons.journey_id is null or persons.journey_id = activity.journey_id)
        {%- endif %}
{%- if metric.last_days %}
{#- only the last days of a window count, and the last days before the exposure #}
inner join (
    select cast(-{{ days_us(metric.last_days) }} as bigint) as from_us, cast(0 as bigint) as to_us
    {%- for window in metric.windows %}
    union all
    select cast({{ days_us((window | int) - metric.last_days) }} as bigint) as from_us, cast({{ days_us(window | int) }} as bigint) as to_us
    {%- endfor %}
) as spans
    on {{ age_us }} < spans.to_us and activity.until_us - persons.exposed_us >= spans.from_us
{%- endif %}
{%- endmacro %}
