-- One row per support case: its class decides who answers, how often the bot misses, and how long it takes.
create or replace temp table ticket as
with opened as (
    select
        person_key, user_id, cell_key as ticket_key, 0 as arm_no, at_ms as opened_ms,
        case
            when unit(cell_key, 'channel') < getvariable('share_chat') then 'chat'
            when unit(cell_key, 'channel') < getvariable('share_chat') + getvariable('share_email') then 'email'
            else 'phone'
        end as channel,
    from activity
    where kind = 'ticket' and is_known and at_ms >= known_from_ms

    union all

    select
        person_key, user_id, sub_key(person_key, 'ticket', ticket_no), arm_no, exposed_ms + ticket_no * spacing_ms, 'chat',
    from person
    join planned_ticket on unit(person_key, 'tickets') < at_least
    where kind = 'ticket'
)
select
    opened.*,
    ticket_class.*,
    opened_ms + floor((shortest_h + span_h * pow(unit(ticket_key, 'resolution'), power)) * 3600000)::bigint as resolved_ms,
    arm_no = 0 and unit(ticket_key, 'forgotten') < 0.03 as is_forgotten,
from opened
join ticket_share using (arm_no, channel)
join ticket_class using (class_no)
where ticket_share.permille = permille(ticket_key, 'class');
