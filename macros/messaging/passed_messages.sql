{# Has one of a message's windows passed since the model's last build? What hangs on time alone. #}
{% macro message_has_passed(alias) -%}
{{ has_passed(alias ~ '.delivered_us + ' ~ days_us(7)) }} or {{ has_passed(alias ~ '.delivered_us + ' ~ days_us(30)) }}
{%- endmacro %}

{% macro passed_messages() -%}
select messages.message_id from {{ ref('int_messages') }} as messages cross join {{ ref('as_of') }} as now where {{ message_has_passed('messages') }}
{%- endmacro %}
