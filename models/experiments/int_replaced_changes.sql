-- The rows of int_person_changes that this run replaces, as the last run left them: of everyone whose acts are touched since that was built.
-- depends_on: {{ ref('int_touched_acts') }}
{{ replaces("'1 = 1'") }}
{% set changes, last = as_it_stands('int_person_changes'), last_build('int_person_changes') -%}
{% set increment = builds_increment() and changes is not none and last -%}

select
    {% for key in ['metric_key', 'window_no', 'variant_key'] -%}
    {{ key if increment else 'cast(0 as integer) as ' ~ key }},
    {% endfor -%}
    {% for key in ['person_key', 'exposed_us'] -%}
    {{ key if increment else 'cast(0 as bigint) as ' ~ key }},
    {% endfor -%}
    {{ 'day' if increment else 'cast(null as date) as day' }},
    {% for flag in ['is_first', 'is_last'] -%}
    {{ flag if increment else 'true as ' ~ flag }},
    {% endfor -%}
    {% for figure in ['y', 'd', 'x', 'z', 'y_before', 'd_before'] -%}
    {{ figure if increment else 'cast(0 as bigint) as ' ~ figure }}{{ ',' if not loop.last }}
    {% endfor %}
{%- if increment %}
from {{ changes }}
where {{ increment_marker() }} person_key in (select person_key from {{ ref('int_touched_acts') }} where run_no > {{ last.run_no }})
{%- else %}
from {{ ref('int_touched_acts') }}
where 1 = 0
{%- endif %}
