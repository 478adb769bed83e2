-- Rules about journeys, campaigns and opening hours that no single cell can break.
with journeys as (

    {{ typed_seed('journeys') }}

),

journey_steps as (

    {{ typed_seed('journey_steps') }}

),

campaigns as (

    {{ typed_seed('campaigns') }}

),

business_hours as (

    {{ typed_seed('business_hours') }}

),

step_counts as (

    select
        journeys.journey_id,
        count(journey_steps.journey_id) as steps,
        count(distinct journey_steps.step_order) as orders,
        coalesce(max(journey_steps.step_order), 0) as last_order
    from journeys
    left join journey_steps on journeys.journey_id = journey_steps.journey_id
    group by journeys.journey_id

),

timezones as (

    select
        min(timezone) as timezone,
        max(timezone) as other_timezone
    from business_hours

),

overlapping_hours as (

    select distinct
        later.weekday,
        later.opens_at
    from business_hours as earlier
    inner join business_hours as later
        on
            earlier.weekday = later.weekday
            and earlier.opens_at < later.opens_at
            and later.opens_at < earlier.closes_at

),

violations as (

    select
    {{ violation('journeys', row_key('journeys'), 'journey_id', 'journey_has_steps', literal('it has no step in ' ~ seed_file('journey_steps') ~ '; write at least one.')) }}
    from step_counts
    where steps = 0
    union all
    select
    {{ violation('journey_steps', row_key('journeys'), 'step_order', 'step_order_without_gaps', "'the step_order of its steps is not 1, 2, 3 … without gaps; number them from 1 to ' || " ~ as_text('steps') ~ " || '.'") }}
    from step_counts
    where steps > 0 and (orders <> steps or last_order <> steps)
    union all
    select
    {{ violation('journeys', row_key('journeys'), 'currency', 'value_has_currency', "'value_per_completion is given without a currency; write one such as EUR.'") }}
    from journeys
    where value_per_completion is not null and currency is null
    union all
    select
    {{ violation('campaigns', row_key('campaigns'), 'target_journey_id', 'step_needs_journey', "'target_step_id is \"' || target_step_id || '\" without a target_journey_id; name the journey that the step belongs to.'") }}
    from campaigns
    where target_step_id is not null and target_journey_id is null
    union all
    select
    {{ violation('campaigns', row_key('campaigns'), 'attribution_hours', 'target_needs_attribution', "'it has a target but no attribution_hours; write a whole number above 0.'") }}
    from campaigns
    where target_journey_id is not null and attribution_hours is null
    union all
    select
    {{ violation('business_hours', "'(all rows)'", 'timezone', 'one_timezone', "'the rows name both \"' || timezone || '\" and \"' || other_timezone || '\"; write one timezone in all rows.'") }}
    from timezones
    where timezone <> other_timezone
    union all
    select
    {{ violation('business_hours', row_key('business_hours'), 'timezone', 'known_timezone', "'\"' || timezone || '\" is no time zone; write a name such as Europe/Berlin.'") }}
    from business_hours
    where timezone not in ({% for timezone in modules.pytz.all_timezones %}'{{ timezone }}'{{ ', ' if not loop.last }}{% endfor %})
    union all
    select
    {{ violation('business_hours', row_key('business_hours'), 'closes_at', 'opens_before_closing', "'it opens at ' || opens_at || ' and closes at ' || closes_at || '; closes_at must be later (24:00 is the end of the day).'") }}
    from business_hours
    where opens_at >= closes_at
    union all
    select
    {{ violation('business_hours', row_key('business_hours'), 'opens_at', 'hours_do_not_overlap', "'it opens before another opening of that weekday has closed; let openings follow each other.'") }}
    from overlapping_hours

)

select
    file,
    row_key,
    column_name,
    rule,
    message
from violations
