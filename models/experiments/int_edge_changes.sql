-- The rows of int_person_changes that kept sums by day hold and as_of does not, or the other way round: of persons for whom a window passes on
-- the day of as_of, and has not by then; and what is known on a day to come (clocks run ahead), of those whose window has passed.
{% set timezone = var('reporting_timezone', 'UTC') -%}
{% set now = '(select as_of_us, ' ~ local_day('as_of_us', timezone) ~ ' as today from ' ~ ref('as_of') ~ ') as now' -%}
{% set condition -%}
(own.day > now.today and {{ window_has_passed('own') }})
{%- for window in fixed_windows() %}
{%- set passes_us = 'own.exposed_us + ' ~ days_us(metric_windows()[window]) %}
or (
    {{ passes_us }} between now.as_of_us - {{ days_us(2) }} and now.as_of_us + {{ days_us(2) }}
    and ({{ passes_us }} <= now.as_of_us) <> ({{ local_day(passes_us ~ ' - 1', timezone) }} <= now.today)
)
{%- endfor %}
{%- endset -%}

select *
from {{ ref('int_person_changes') }}
where {{ is_joined(ref('int_person_changes'), now, condition) }}
