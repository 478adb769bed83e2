-- The rows of int_person_changes that kept sums by day hold and as_of does not, or the other way round: of persons for whom a window passes on
-- the day of as_of, and has not by then; and what is known on a day to come (clocks run ahead), of those whose window has passed.
{% set timezone = var('reporting_timezone', 'UTC') -%}
{% set today = local_day('now.as_of_us', timezone) -%}

select changes.*
from {{ ref('int_person_changes') }} as changes
cross join {{ ref('as_of') }} as now
where
    (changes.day > {{ today }} and {{ window_has_passed('changes') }})
    {%- for window in fixed_windows() %}
    {%- set passes_us = 'changes.exposed_us + ' ~ days_us(metric_windows()[window]) %}
    or (
        {{ passes_us }} between now.as_of_us - {{ days_us(2) }} and now.as_of_us + {{ days_us(2) }}
        and ({{ passes_us }} <= now.as_of_us) <> ({{ local_day(passes_us ~ ' - 1', timezone) }} <= {{ today }})
    )
    {%- endfor %}
