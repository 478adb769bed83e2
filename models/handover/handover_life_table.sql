-- The survival curve of open tickets: per channel, path and bucket of the time observed, how many were still at risk, how many
-- were resolved and how many are simply not resolved yet.
with observed as (

    select
        coalesce(channel, '(not set)') as channel,
        path,
        {{ bucket_start_s(millionths('observed_s')) }} as bucket_start_s,
        is_resolved
    from {{ ref('fct_tickets') }}

),

counted as (

    select
        channel,
        path,
        bucket_start_s,
        {{ count_where('is_resolved') }} as resolved,
        {{ count_where('not is_resolved') }} as censored
    from observed
    group by channel, path, bucket_start_s

)

select
    channel,
    path,
    bucket_start_s,
    {{ bucket_end_s('bucket_start_s') }} as bucket_end_s,
    cast(sum(resolved + censored) over (
        partition by channel, path order by bucket_start_s desc rows between unbounded preceding and current row
    ) as bigint) as at_risk,
    resolved,
    censored
from counted
