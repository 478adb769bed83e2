-- Raw answers: after cases, completed attempts, abandoned attempts and messages, and a quarterly NPS.
create or replace temp table raw_survey_responses as
with answer as (
    select
        person_key, 'csat' as survey_type, csat as scores, null as text_answer, 'ticket' as subject_type, as_id('t', ticket_key) as subject_id,
        resolved_ms + 1200000 + floor(3600000 * unit(ticket_key, 'answer time'))::bigint as at_ms,
        sub_key(ticket_key, 'csat', 0) as row_key,
    from ticket
    where not is_forgotten and unit(ticket_key, 'answers') < getvariable('csat_after_ticket')

    union all

    select
        person_key, 'csat', csat, null, 'journey', journey_id,
        completed_ms + 300000 + floor(3300000 * unit(attempt_key, 'answer time'))::bigint,
        sub_key(attempt_key, 'csat', 0),
    from attempt
    where is_completed and journey_id in ('checkout', 'activation') and unit(attempt_key, 'answers') < getvariable('csat_after_completion')

    union all

    select
        person_key, 'confidence', case trait when 0 then 'great' else 'fair' end, null, 'journey', journey_id,
        completed_ms + 120000 + floor(600000 * unit(attempt_key, 'confidence time'))::bigint,
        sub_key(attempt_key, 'confidence', 0),
    from attempt
    where is_completed and journey_id <> 'browse' and unit(attempt_key, 'confides') < 0.15

    union all

    select person_key, 'ces', 'ces', null, 'journey', journey_id, completed_ms + 60000, sub_key(attempt_key, 'ces', 0),
    from attempt
    where is_completed and journey_id = 'self_serve_help' and unit(attempt_key, 'effort') < 0.2

    union all

    select
        person_key, 'exit_reason', 'none',
        case
            when unit(attempt_key, 'reason') < 0.35 then 'Too many questions' when unit(attempt_key, 'reason') < 0.6 then 'Just looking'
            when unit(attempt_key, 'reason') < 0.8 then 'Too expensive' else 'Something did not work'
        end,
        'journey', journey_id, started_ms + pace_ms::bigint + break_ms + 60000, sub_key(attempt_key, 'exit', 0),
    from attempt
    where not is_completed and journey_id <> 'browse' and unit(attempt_key, 'tells why') < 0.04

    union all

    select
        person_key, 'relevance', relevance, null, 'message', as_id('m', message_key), delivered_ms + reaction_ms + 600000,
        sub_key(message_key, 'relevance', 0),
    from message
    where is_delivered and is_clicked and unit(message_key, 'rates') < 0.2

    union all

    select
        person_key, 'nps', 'nps', null, null, null, arrived_ms + 2 * 86400000::bigint + time_of_day(sub_key(person_key, 'nps', 0)),
        sub_key(person_key, 'nps', 1),
    from person
    where is_known and unit(person_key, 'answers nps') < 0.08
)
select
    row_key,
    at_ms,
    received_ms(at_ms, row_key) as received_ms,
    as_id('s', row_key) as response_id,
    survey_type,
    case scores
        when 'none' then null
        when 'nps' then floor(11 * pow(unit(row_key, 'score'), 0.45))
        when 'ces' then 1 + floor(7 * pow(unit(row_key, 'score'), 0.7))
        else 1 + (unit(row_key, 'score') >= c1)::integer + (unit(row_key, 'score') >= c2)::integer
            + (unit(row_key, 'score') >= c3)::integer + (unit(row_key, 'score') >= c4)::integer
    end::double as score,
    text_answer as answer,
    subject_type,
    subject_id,
    case when is_known and at_ms >= known_from_ms then user_id end as user_id,
    case when not is_known or at_ms < known_from_ms then anonymous_id end as anonymous_id,
from answer
join person using (person_key)
left join score_chance using (scores)
where at_ms < getvariable('end_ms');
