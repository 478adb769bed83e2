-- One row per attempt at a journey. One draw decides how far it gets: it reaches every step whose chance to be reached exceeds the draw.
create or replace temp table attempt as
with started as (
    select person_key, trait, cell_key as attempt_key, journey_no, 0 as arm_no, at_ms as started_ms, false as is_experimental,
    from activity
    where kind = 'journey'

    union all

    select
        person_key, trait, sub_key(person_key, 'attempt', attempt_no), journey_no, arm_no,
        exposed_ms + case when attempt_no = 0 then 0 else attempt_no * 48 * 3600000 + floor(6 * 3600000 * unit(sub_key(person_key, 'attempt', attempt_no), 'start'))::bigint end,
        true,
    from person
    join planned_attempt on unit(person_key, 'attempts') < at_least
    where kind = 'journey'

    union all

    -- Weeks after the experiment people still look around, which enters no step and moves no metric.
    select
        person_key, trait, sub_key(person_key, 'later', week), getvariable('browse_no'), 0,
        (exposed_ms // 86400000::bigint + 8 + 7 * week) * 86400000::bigint + time_of_day(sub_key(person_key, 'later', week)),
        false,
    from (
        select *, unnest(range(0, greatest(0, (getvariable('end_ms') - exposed_ms) // (7 * 86400000::bigint) - 1))) as week
        from person
        where lane_no > 0
    ) as later
    where unit(sub_key(person_key, 'later', week), 'comes back') < 0.12

    union all

    select
        person_key, trait, sub_key(message_key, 'visit', 0), journey_no, 0,
        delivered_ms + reaction_ms + 5000,
        arm_no > 0,
    from message
    where is_visited
),
drawn as (
    select
        started.*,
        unit(attempt_key, 'reach') as draw,
        case when unit(attempt_key, 'route') < journey.optional_share then 1 else 0 end as route,
        mean_ms * speed * (0.5 + 1.5 * pow(unit(attempt_key, 'pace'), 2)) as pace_ms,
        case
            when unit(attempt_key, 'break') < break_share
                then 2 + floor((last_order - 1) * unit(attempt_key, 'break step'))::integer
            else 99
        end as break_from,
        floor(break_from_ms + (break_to_ms - break_from_ms) * unit(attempt_key, 'break time'))::bigint as break_ms,
    from started
    join journey using (journey_no)
    join arm_journey using (arm_no, journey_no)
)
select
    drawn.*,
    finish.journey_id,
    finish.csat,
    drawn.draw < finish.reach as is_completed,
    entered_ms(
        started_ms, pace_ms, finish.place, finish.width, unit(sub_key(attempt_key, 'step', finish.step_order), 'jitter'),
        finish.step_order, break_from, break_ms
    ) as completed_ms,
from drawn
join finish using (arm_no, journey_no, trait, route)
where drawn.started_ms < getvariable('end_ms');
