-- Everything that counts for a metric of an experiment, with its age: microseconds since the person's exposure, negative before.
{% for metric_id, metric in metrics_of_kind(['share', 'mean', 'ratio']).items() -%}
select
    persons.experiment_id,
    '{{ metric_id }}' as metric_id,
    persons.person_key,
    activity.happened_us - persons.exposed_us as age_us,
    activity.numerator_us - persons.exposed_us as numerator_age_us,
    activity.known_us,
    greatest(activity.known_us, activity.numerator_us, activity.numerator_known_us) as numerator_known_us,
    activity.numerator as y,
    activity.denominator as d
from {{ ref('int_compared_persons') }} as persons
inner join {{ ref('int_experiment_metrics') }} as metrics
    on persons.experiment_id = metrics.experiment_id and metrics.metric_id = '{{ metric_id }}'
inner join (
    select
        person_key,
        {%- if metric.is_of_journey %}
        journey_key,
        {%- endif %}
        {{ metric.happened_us }} as happened_us,
        coalesce({{ metric.get('numerator_us', 'null') }}, {{ metric.happened_us }}) as numerator_us,
        greatest({{ metric.happened_us }}, {{ metric.get('known_us', metric.happened_us) }}) as known_us,
        coalesce({{ metric.get('numerator_known_us', 'null') }}, {{ metric.happened_us }}) as numerator_known_us,
        cast({{ metric.numerator }} as bigint) as numerator,
        cast({{ metric.get('denominator', '0') }} as bigint) as denominator
    from {{ ref(metric.source) }}
    {%- if metric.where %}
    where {{ metric.where }}
    {%- endif %}
) as activity
    on
        persons.person_key = activity.person_key
        and activity.happened_us >= persons.exposed_us - persons.covariate_us
        {%- if metric.is_of_journey %}
        and (persons.journey_id is null or persons.journey_key = activity.journey_key)
        {%- endif %}
{{ 'union all' if not loop.last }}
{% endfor %}
