{#
  Before an increment takes out the events of touched persons: those that did not change go aside, under the person that their identity names
  by now. So the increment need not look for them among all rows of `events`, by text.
#}
{% macro keep_events() -%}
{%- if execute and builds_on() -%}{{ set_aside(kept_events(), events_that_stay()) }}{%- endif -%}
{%- endmacro %}

{% macro kept_events() -%}
{{ return(api.Relation.create(database=target.database, schema=target.schema, identifier='int_person_events__kept', type='table')) }}
{%- endmacro %}

{% macro events_that_stay() -%}
select
    keys.person_key,
    events.identity_key,
    events.occurred_us,
    events.event_id,
    events.event_kind,
    {%- if var('event_dimensions', []) %}
    events.properties,
    {%- endif %}
    events.element_id
from {{ this }} as events
inner join {{ touched_events() }} as touched
    on events.person_key = touched.person_key and events.event_seq >= touched.from_seq
inner join {{ ref('int_person_keys') }} as keys
    on events.identity_key = keys.identity_key
left join (select distinct event_id from {{ ref('int_checked_events') }} where run_no > {{ last_build('int_person_events').run_no }}) as changed
    on events.event_id = changed.event_id
where changed.event_id is null
{%- endmacro %}
