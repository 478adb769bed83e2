{#
  Tickets, or counts of them by path and timing, once in all, once by path and once by the timing of the handover: rows of different breakdowns do
  not add up.
#}
{% macro tickets_by_breakdown(relation) %}
    select
        'all' as breakdown,
        'all' as breakdown_value,
        tickets.*
    from {{ relation }} as tickets
    union all
    select
        'path' as breakdown,
        tickets.path as breakdown_value,
        tickets.*
    from {{ relation }} as tickets
    union all
    select
        'timing' as breakdown,
        tickets.handover_timing as breakdown_value,
        tickets.*
    from {{ relation }} as tickets
    where tickets.handover_timing is not null
{%- endmacro %}
