-- How long until a ticket is resolved (Kaplan–Meier): per breakdown, the share still open at the end of each bucket. The logarithms of
-- the steps are summed as whole picounts, so that the curve depends on no order of rows.
with bucketed as (

    select
        breakdown,
        breakdown_value,
        {{ bucket_start_s(millionths('observed_s')) }} as bucket_start_s,
        is_resolved
    from ({{ tickets_by_breakdown(ref('fct_tickets')) }}
    ) as tickets

),

counted as (

    select
        breakdown,
        breakdown_value,
        bucket_start_s,
        {{ count_where('is_resolved') }} as resolved,
        {{ count_where('not is_resolved') }} as censored
    from bucketed
    group by breakdown, breakdown_value, bucket_start_s

),

at_risk as (

    select
        *,
        cast(sum(resolved + censored) over (
            partition by breakdown, breakdown_value order by bucket_start_s desc rows between unbounded preceding and current row
        ) as bigint) as at_risk
    from counted

),

stepped as (

    select
        *,
        case when resolved = at_risk then 0 else 1 end as is_anyone_left,
        case
            when resolved < at_risk then cast(round(ln(1 - {{ rate('resolved', 'at_risk') }}) * 1000000000000) as bigint)
            else 0
        end as log_step
    from at_risk

)

select
    breakdown,
    breakdown_value,
    bucket_start_s,
    {{ bucket_end_s('bucket_start_s') }} as bucket_end_s,
    at_risk,
    resolved,
    censored,
    is_anyone_left * exp(cast(sum(log_step) over (
        partition by breakdown, breakdown_value order by bucket_start_s rows between unbounded preceding and current row
    ) as {{ type_double() }}) / 1000000000000) as share_still_open
from stepped
