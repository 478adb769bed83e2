{#
  The cases of the time metrics, of persons after their exposure: when each began, and when what was waited for came. A case begins with
  a row of the metric's source, or with the exposure: then a person is one, until it happens to them first.
#}
{% macro time_cases(persons, carried=[], condition='1 = 1') %}
{% for metric_id, metric in metrics_of_kind(['time']).items() -%}
{%- set event_us = epoch_us('facts.' ~ metric.event_at) -%}
{%- set is_of_person = metric.starts_at == 'exposure' -%}
{%- set started_us = 'persons.exposed_us' if is_of_person else epoch_us('facts.' ~ metric.starts_at) -%}
select
    persons.experiment_id,
    '{{ metric_id }}' as metric_id,
    persons.person_key,
    {%- for column in carried %}
    persons.{{ column }},
    {%- endfor %}
    persons.exposed_us,
    {{ started_us }} as started_us,
    {{ 'min(' ~ event_us ~ ')' if is_of_person else event_us }} as event_us
from {{ ref(persons) }} as persons
inner join {{ ref('int_experiment_metrics') }} as metrics
    on persons.experiment_id = metrics.experiment_id and metrics.metric_id = '{{ metric_id }}'
{{ 'left' if is_of_person else 'inner' }} join {{ ref(metric.source) }} as facts
    on
        persons.person_id = facts.person_id
        and {{ event_us if is_of_person else started_us }} >= persons.exposed_us
        {%- if metric.journey_column %}
        and (persons.journey_id is null or persons.journey_id = facts.{{ metric.journey_column }})
        {%- endif %}
where {{ condition }}
{%- if is_of_person %}
group by persons.experiment_id, persons.person_key, {% for column in carried %}persons.{{ column }}, {% endfor %}persons.exposed_us
{%- endif %}
{{ 'union all' if not loop.last }}
{% else -%}
select null as experiment_id
{% endfor %}
{% endmacro %}
