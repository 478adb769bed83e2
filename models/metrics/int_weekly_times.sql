-- The times by the week in which their cases began and team (null: all of them together): cases, events, and the median by the
-- survival curve over their buckets, in which a case that is open at as_of is not there yet. Times from an exposure have no week.
{% for model in ['as_of', 'fct_journey_attempts', 'fct_messages', 'fct_tickets', 'cfg_journeys', 'cfg_campaigns', 'cfg_support_costs'] -%}
-- depends_on: {{ ref(model) }}
{% endfor -%}
with counted_by_team as (

    {% for metric_id, metric in metrics_of_kind(['time']).items() if metric.starts_at != 'exposure' -%}
    -- one narrow pass over a mart; weeks and teams are told of its days
    select
        '{{ metric_id }}' as metric_id,
        {{ week_of_day('days.day') }} as week,
        {{ 'owners.owner_team' if metric.team else 'days.owner_column' }} as owner_team,
        days.bucket_start_s,
        days.events,
        days.cases
    from (
        select
            day,
            owner_column,
            {{ bucket_start_s('observed_us', fine_widths()) }} as bucket_start_s,
            {{ count_where('is_event') }} as events,
            count(*) as cases
        from (
            select
                {{ local_day(epoch_us(metric.starts_at), var('reporting_timezone', 'UTC')) }} as day,
                {{ metric.team.column if metric.team else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as owner_column,
                {{ metric.event_at }} is not null as is_event,
                {{ elapsed_us(epoch_us(metric.starts_at), 'coalesce(' ~ epoch_us(metric.event_at) ~ ', now.as_of_us)') }} as observed_us
            from {{ ref(metric.source) }}
            cross join {{ ref('as_of') }} as now
            where {{ metric.starts_at }} is not null
        ) as cases
        group by day, owner_column, {{ bucket_start_s('observed_us', fine_widths()) }}
    ) as days
    {%- if metric.team %}
    left join {{ ref(metric.team.model) }} as owners
        on days.owner_column = owners.{{ metric.team.column }}
    {%- endif %}
    {{ 'union all' if not loop.last }}
    {% else -%}
    select null as metric_id
    {% endfor %}
),

doubled as (

    select metric_id, week, owner_team, bucket_start_s, events, cases from counted_by_team where owner_team is not null
    union all
    select metric_id, week, cast(null as {{ dbt.type_string() }}) as owner_team, bucket_start_s, events, cases from counted_by_team

),

counted as (

    select
        metric_id,
        week,
        owner_team,
        bucket_start_s,
        {{ sum_integer('events') }} as events,
        {{ sum_integer('cases') }} as cases
    from doubled
    group by metric_id, week, owner_team, bucket_start_s

),

curves as (

{{ waiting_curves('counted', ['metric_id', 'week', 'owner_team']) }}

)

select
    metric_id,
    week,
    owner_team,
    sum(cases) as cases,
    sum(events) as events,
    {{ waiting_quantile(0.5, bucket_end_s('bucket_start_s', fine_widths())) }} as median_s
from curves
group by metric_id, week, owner_team
