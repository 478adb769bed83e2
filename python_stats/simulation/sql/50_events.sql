-- Raw events: every step reached, what may happen in it, and the moment a visitor signs in.
create or replace temp table raw_events as
with visit as (
    select
        attempt.person_key,
        attempt.attempt_key,
        attempt.journey_no,
        attempt.pace_ms,
        reach.step_order,
        reach.width,
        attempt.draw < reach.next_reach as is_advanced,
        sub_key(attempt.attempt_key, 'step', reach.step_order) as step_key,
        entered_ms(
            started_ms, pace_ms, reach.place, reach.width, unit(sub_key(attempt.attempt_key, 'step', reach.step_order), 'jitter'),
            reach.step_order, break_from, break_ms
        ) as step_ms,
        started_ms + pace_ms * (reach.place + reach.width)
        + case when reach.step_order >= break_from then break_ms else 0 end as step_end_ms,
    from attempt
    join reach using (arm_no, journey_no, trait, route)
    where attempt.draw < reach.reach
),
happened as (
    select
        visit.person_key,
        attempt_key as context_key,
        sub_key(step_key, 'event', slot.slot_no) as row_key,
        step_ms + round(slot.fraction * (step_end_ms - step_ms))::bigint + slot.extra_ms as at_ms,
        slot.event_name,
        slot.page_path,
        slot.element_id,
    from visit
    join slot using (journey_no, step_order)
    where unit(sub_key(step_key, 'bundle', slot.bundle_no), 'happens') < slot.chance
        and (slot.only_when = 'always' or (slot.only_when = 'advanced') = visit.is_advanced)

    union all

    -- The thank-you page, opened again from the mail the next day.
    select person_key, attempt_key, sub_key(attempt_key, 'reload', 0), completed_ms + 20 * 3600000, 'page_view',
        '/checkout/thank-you?from=mail', null,
    from attempt
    where is_completed and journey_id = 'checkout' and unit(attempt_key, 'reload') < 0.03

    union all

    select person_key, person_key, sub_key(person_key, 'sign-in', 0), known_from_ms, 'sign_in', '/login', null
    from person
    where is_known
)
select
    row_key,
    happened.at_ms,
    received_ms(happened.at_ms, row_key) as received_ms,
    as_id('e', row_key) as event_id,
    event_name,
    case
        when is_known and at_ms >= known_from_ms then user_id
    end as user_id,
    case
        when not is_known or at_ms <= known_from_ms then anonymous_id
        when unit(context_key, 'server side') < 0.1 then null
        when unit(context_key, 'second device') < 0.2 then second_anonymous_id
        else anonymous_id
    end as anonymous_id,
    page_path,
    element_id,
    '{"device":"' || case
        when unit(context_key, 'device') < 0.55 then 'mobile' when unit(context_key, 'device') < 0.92 then 'desktop' else 'tablet'
    end || '","plan":"' || plan || '","country":"' || country || '"}' as properties,
from happened
join person using (person_key)
where happened.at_ms < getvariable('end_ms');
