-- Raw assignments: the exposure, repeats of it, people seen in two variants, and testers before the start.
create or replace temp table raw_experiment_assignments as
with assigned as (
    select person_key, lane_no, arm_no, exposed_ms as at_ms, sub_key(person_key, 'assignment', 0) as row_key,
    from person
    where lane_no > 0

    union all

    select person_key, lane_no, arm_no, exposed_ms + 600000 + floor(86400000::bigint * unit(person_key, 'seen again'))::bigint, sub_key(person_key, 'assignment', 1),
    from person
    where lane_no > 0 and unit(person_key, 'again') < 0.2

    union all

    select person_key, person.lane_no, arm.next_arm_no, exposed_ms + 120000, sub_key(person_key, 'assignment', 2),
    from person
    join arm using (arm_no)
    where unit(person_key, 'contaminated') < contaminated

    union all

    select person_key, arm.lane_no, arm.arm_no, (lane.first_day - 1) * 86400000::bigint + time_of_day(person_key), sub_key(person_key, 'assignment', 3),
    from person
    join arm on arm.arm_no = 1 + (number % getvariable('arms'))
    join lane on lane.lane_no = arm.lane_no
    where person.lane_no = 0 and is_known and unit(person_key, 'tester') < 0.01
)
select
    row_key,
    at_ms,
    received_ms(at_ms, row_key) as received_ms,
    as_id('z', row_key) as assignment_id,
    arm.experiment_id || suffix as experiment_id,
    arm.variant_id,
    case when is_known and at_ms >= known_from_ms then user_id end as user_id,
    case when not is_known or at_ms < known_from_ms then anonymous_id end as anonymous_id,
from assigned
join arm using (arm_no)
join person using (person_key)
where at_ms < getvariable('end_ms');
