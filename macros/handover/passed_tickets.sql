{# Is a ticket still open, or has one of its windows passed, since the model's last build? What hangs on time alone. #}
{% macro ticket_has_passed(alias) -%}
({{ as_of_has_moved() }} and {{ alias }}.resolved_us is null)
        or {{ has_passed(alias ~ '.resolved_us + ' ~ days_us(7)) }}
        or {{ has_passed(alias ~ '.opened_us + ' ~ days_us(30)) }}
{%- endmacro %}

{% macro passed_tickets() -%}
select lives.ticket_id from {{ ref('int_ticket_lives') }} as lives cross join {{ ref('as_of') }} as now where {{ ticket_has_passed('lives') }}
{%- endmacro %}
