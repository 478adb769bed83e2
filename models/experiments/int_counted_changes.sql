-- Each person's values of what is counted as they stood at the end of each day on which they changed: the day of entering the window (with the
-- values before the exposure), and every day on which something that counts had happened and was known.
{% set timezone = var('reporting_timezone', 'UTC') -%}
{% set windows = metric_windows() -%}

with before_exposure as (

    select
        experiment_id,
        metric_id,
        person_key,
        sum(case when numerator_age_us < 0 then y else 0 end) as x,
        sum(d) as z
    from {{ ref('int_experiment_activity') }}
    where age_us < 0
    group by experiment_id, metric_id, person_key

),

parts as (

    {% for window, days in windows.items() -%}
    select experiment_id, metric_id, person_key, '{{ window }}' as metric_window, numerator_known_us as known_us, y, cast(0 as bigint) as d
    from {{ ref('int_experiment_activity') }}
    where y <> 0 and {{ is_in_window(window, days) }}{% if days is not none %} and numerator_age_us < {{ days_us(days) }}{% endif %}

    union all
    select experiment_id, metric_id, person_key, '{{ window }}' as metric_window, known_us, cast(0 as bigint) as y, d
    from {{ ref('int_experiment_activity') }}
    where d <> 0 and {{ is_in_window(window, days) }}

    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- on which day a part counts first: not before the person has entered the window, not after the last day there is
dated as (

    select
        eligible.experiment_id,
        eligible.variant_id,
        parts.metric_id,
        eligible.metric_window,
        eligible.person_key,
        {{ local_day('least(greatest(parts.known_us, eligible.enters_us), now.as_of_us)', timezone) }} as day,
        0 as entries,
        parts.y,
        parts.d
    from parts
    inner join {{ ref('int_eligible_persons') }} as eligible
        on
            parts.experiment_id = eligible.experiment_id
            and parts.person_key = eligible.person_key
            and parts.metric_window = eligible.metric_window
            and eligible.segment = 'all'
    cross join {{ ref('as_of') }} as now

),

-- the entry itself, for those who have any value at all
entered as (

    select
        eligible.experiment_id,
        eligible.variant_id,
        vals.metric_id,
        eligible.metric_window,
        eligible.person_key,
        {{ local_day('least(eligible.enters_us, now.as_of_us)', timezone) }} as day,
        1 as entries,
        cast(0 as bigint) as y,
        cast(0 as bigint) as d
    from (select distinct experiment_id, metric_id, person_key, metric_window from {{ ref('int_counted_values') }}) as vals
    inner join {{ ref('int_eligible_persons') }} as eligible
        on
            vals.experiment_id = eligible.experiment_id
            and vals.person_key = eligible.person_key
            and vals.metric_window = eligible.metric_window
            and eligible.segment = 'all'
    cross join {{ ref('as_of') }} as now

),

everything as (

    select * from dated
    union all
    select * from entered

),

changed as (

    select
        experiment_id,
        variant_id,
        metric_id,
        metric_window,
        person_key,
        day,
        sum(entries) as entries,
        sum(y) as y_change,
        sum(d) as d_change
    from everything
    group by experiment_id, variant_id, metric_id, metric_window, person_key, day

),

accumulated as (

    select
        *,
        sum(y_change) over (
            partition by experiment_id, metric_id, metric_window, person_key order by day
            rows between unbounded preceding and current row
        ) as y_after,
        sum(d_change) over (
            partition by experiment_id, metric_id, metric_window, person_key order by day
            rows between unbounded preceding and current row
        ) as d_after
    from changed

)

select
    accumulated.experiment_id,
    accumulated.variant_id,
    accumulated.metric_id,
    accumulated.metric_window,
    accumulated.person_key,
    accumulated.day,
    accumulated.entries,
    {{ person_value('accumulated.y_after', 'accumulated.metric_id') }} as y,
    {{ person_value('accumulated.y_after - accumulated.y_change', 'accumulated.metric_id') }} as y_before,
    accumulated.d_after as d,
    accumulated.d_after - accumulated.d_change as d_before,
    {{ person_value('coalesce(before_exposure.x, 0)', 'accumulated.metric_id') }} as x,
    coalesce(before_exposure.z, 0) as z
from accumulated
left join before_exposure
    on
        accumulated.experiment_id = before_exposure.experiment_id
        and accumulated.metric_id = before_exposure.metric_id
        and accumulated.person_key = before_exposure.person_key
