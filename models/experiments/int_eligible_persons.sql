-- Who enters which window: everyone enters `all`; a fixed window only when the whole of it has passed.
{% for window, days in metric_windows().items() -%}
select
    segments.experiment_id,
    segments.variant_id,
    segments.person_key,
    segments.segment,
    '{{ window }}' as metric_window,
    {# the moment that completes the window -#}
    segments.exposed_us{% if days is not none %} + {{ days_us(days) }} - 1{% endif %} as enters_us
from {{ ref('int_compared_segments') }} as segments
{%- if days is not none %}
cross join {{ ref('as_of') }} as now
where segments.exposed_us + {{ days_us(days) }} <= now.as_of_us
{%- endif %}
{{ 'union all' if not loop.last }}
{% endfor %}
