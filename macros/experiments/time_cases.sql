{# The cases of the time metrics, of persons after their exposure: when each began, and when what was waited for came. #}
{% macro time_cases(persons) %}
{% for metric_id, metric in metrics_of_kind(['time']).items() -%}
{%- set event_us = epoch_us('facts.' ~ metric.event_at) -%}
{%- if metric.starts_at == 'exposure' -%}
{#- a person is a case, until it happens to them first -#}
select
    persons.experiment_id,
    '{{ metric_id }}' as metric_id,
    persons.person_key,
    persons.exposed_us,
    persons.exposed_us as started_us,
    min({{ event_us }}) as event_us
from {{ ref(persons) }} as persons
inner join {{ ref('int_experiment_metrics') }} as metrics
    on persons.experiment_id = metrics.experiment_id and metrics.metric_id = '{{ metric_id }}'
left join {{ ref(metric.source) }} as facts
    on
        persons.person_id = facts.person_id
        and {{ event_us }} >= persons.exposed_us
        {%- if metric.journey_column %}
        and (persons.journey_id is null or persons.journey_id = facts.{{ metric.journey_column }})
        {%- endif %}
group by persons.experiment_id, persons.person_key, persons.exposed_us
{%- else -%}
{%- set started_us = epoch_us('facts.' ~ metric.starts_at) -%}
select
    persons.experiment_id,
    '{{ metric_id }}' as metric_id,
    persons.person_key,
    persons.exposed_us,
    {{ started_us }} as started_us,
    {{ event_us }} as event_us
from {{ ref(persons) }} as persons
inner join {{ ref('int_experiment_metrics') }} as metrics
    on persons.experiment_id = metrics.experiment_id and metrics.metric_id = '{{ metric_id }}'
inner join {{ ref(metric.source) }} as facts
    on
        persons.person_id = facts.person_id
        and {{ started_us }} >= persons.exposed_us
        {%- if metric.journey_column %}
        and (persons.journey_id is null or persons.journey_id = facts.{{ metric.journey_column }})
        {%- endif %}
{%- endif %}
{{ 'union all' if not loop.last }}
{% else -%}
select null as experiment_id
{% endfor %}
{% endmacro %}
