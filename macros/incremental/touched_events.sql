{# From which event on persons' events, and what is made of them, are built anew: int_touched_events says it. #}

{# Whose events have changed since this model was last built, and from which on. #}
{% macro touched_events() -%}
(select person_key, min(from_seq) as from_seq, min(from_us) as from_us from {{ ref('int_touched_events') }} where run_no > {{ last_build(model.name).run_no }} group by person_key)
{%- endmacro %}

{# A join that leaves, in an increment, what begins at or after the event from which on a person's are built anew, and everything otherwise. #}
{% macro join_touched_events(alias, seq) -%}
{%- if builds_increment() -%}
inner join {{ touched_events() }} as touched {{ increment_marker() }}
        on {{ alias }}.person_key = touched.person_key and {{ alias }}.{{ seq }} >= touched.from_seq
{%- endif -%}
{%- endmacro %}

{# An incremental model of what persons' events are made into: rows from the touched event on are replaced. `seq` is the column that tells. #}
{% macro built_from_event(seq, first=none) -%}
{{ replaces("replaced_from_event('" ~ seq ~ "')", first) }}
{{ config(meta={'keeps_increment': true}) }}
{{ is_built_after('int_touched_events') }}
{%- endmacro %}

{% macro replaced_from_event(seq) -%}
{{ is_joined(this, touched_events() ~ ' as touched', 'own.person_key = touched.person_key and own.' ~ seq ~ ' >= touched.from_seq') }}
{%- endmacro %}

{#
  A mart of that; `moment` is the column that tells. Beside those rows it replaces such as look ahead at other rows that changed, from the moment
  in `looking_ahead` on, and such with a key among those that `passed` selects, as above.
#}
{% macro mart_from_event(moment, key=none, passed=none, looking_ahead=none) -%}
{{ replaces("replaced_from_moment('" ~ moment ~ "', '" ~ (key or '') ~ "', " ~ (passed or "''") ~ ", '" ~ (looking_ahead or '') ~ "')") }}
{{ is_built_after('int_touched_events') }}
{{ is_built_after('int_persons') }}
{%- endmacro %}

{% macro replaced_from_moment(moment, key, passed, looking_ahead) -%}
{{ of_touched(touched_events(), moment) }}
{%- if looking_ahead %} or {{ of_touched(touched_others(), looking_ahead) }}{% endif %}
{%- if key %} or {{ key }} in ({{ passed }}){% endif %}
{%- endmacro %}

{# The rows of this mart that belong to somebody among `persons`, and happened from the moment on that is told of them. #}
{% macro of_touched(persons, moment) -%}
{{ is_joined(
    this,
    '(select persons.person_id, touched.from_us from ' ~ persons ~ ' as touched inner join ' ~ ref('int_persons') ~ ' as persons on touched.person_key = persons.person_key) as touched',
    'own.person_id = touched.person_id and ' ~ epoch_us('own.' ~ moment) ~ ' >= touched.from_us'
) }}
{%- endmacro %}

{#
  A table as the last run left it, for a model that comes before it in this one: no reference, which would be a circle. Nothing where it is not there.
#}
{% macro as_it_stands(name) -%}
{{ return(load_cached_relation(this.incorporate(path={'identifier': name})) if execute else none) }}
{%- endmacro %}

{# A moment before all others, in microseconds: from which on all that a person has is built anew. #}
{% macro beginning_us() -%}cast(-9000000000000000000 as bigint){%- endmacro %}
