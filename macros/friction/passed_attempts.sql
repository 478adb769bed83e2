{# The attempts for which one of some moments has passed since the model's last build: as attempt ids. #}
{% macro passed_attempts(moments) -%}
select steps.journey_id || ':' || attempts.entry_event_id
from {{ ref('int_attempts') }} as attempts
inner join (select distinct journey_id, journey_key from {{ ref('int_journey_steps') }}) as steps on attempts.journey_key = steps.journey_key
cross join {{ ref('as_of') }} as now
where {% for moment in moments %}{{ has_passed('attempts.' ~ moment) }}{{ ' or ' if not loop.last }}{% endfor %}
{%- endmacro %}
