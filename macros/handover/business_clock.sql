{#
  Some of the moments of tickets as read on a clock that runs in business hours alone, a row per ticket: the open time before a moment's day
  plus that of the day up to it. `relation` has a column `<landmark>_us` for each; it gives `<landmark>_clock_us`.
#}
{% macro business_clocks(relation, landmarks) -%}
select
        ticket_id
        {%- for landmark in landmarks %},
        cast(min(case when landmark = '{{ landmark }}' then open_before_us end) + sum(case when landmark = '{{ landmark }}' then open_on_day_us end) as bigint) as {{ landmark }}_clock_us
        {%- endfor %}
    from (
        select
            dated.ticket_id,
            dated.landmark,
            days.open_before_us,
            case
                when dated.moment_us >= days.closes_us then {{ elapsed_us('days.opens_us', 'days.closes_us') }}
                else {{ elapsed_us('days.opens_us', 'dated.moment_us') }}
            end as open_on_day_us
        from (
            select
                ticket_id,
                landmark,
                moment_us,
                {{ local_day('moment_us', business_timezone()) }} as local_day
            from (
                {% for landmark in landmarks -%}
                select ticket_id, '{{ landmark }}' as landmark, {{ landmark }}_us as moment_us from {{ relation }} where {{ landmark }}_us is not null
                {{ 'union all' if not loop.last }}
                {% endfor %}
            ) as moments
        ) as dated
        inner join {{ ref('int_business_days') }} as days
            on dated.local_day = days.local_day
    ) as timed
    group by ticket_id
{%- endmacro %}
