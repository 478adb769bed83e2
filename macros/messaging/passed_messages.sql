{# Has one of a message's windows passed since the model's last build? What hangs on time alone. #}
{% macro message_has_passed(alias) -%}
{{ has_passed(alias ~ '.delivered_us + ' ~ days_us(7)) }} or {{ has_passed(alias ~ '.delivered_us + ' ~ days_us(30)) }}
{%- endmacro %}

{% macro passed_messages() -%}
select messages.message_id from {{ ref('int_messages') }} as messages cross join {{ ref('as_of') }} as now where {{ message_has_passed('messages') }}
{%- endmacro %}

{# How far ahead of its delivery a message looks at rows of other tables (in days), by table: what changes there, or before it, may change the message. #}
{% macro days_that_messages_look_ahead() -%}{{ return({'message_events': 0, 'ticket_events': 7, 'transactions': 30, 'consents': 0}) }}{%- endmacro %}
