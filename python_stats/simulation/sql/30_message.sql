-- One row per message: background ones, and those of the message experiments, whose first is sent at the exposure.
create or replace temp table message as
with planned as (
    select
        person_key, suffix, user_id, trait, cell_key as message_key, campaign_no, 0 as arm_no, 0::bigint as message_no,
        at_ms as sent_ms,
    from activity
    where kind = 'message' and is_known and at_ms >= known_from_ms

    union all

    select
        person_key, suffix, user_id, trait, sub_key(person_key, 'message', number_of_message), campaign_no, arm_no,
        number_of_message, exposed_ms + number_of_message * spacing_ms,
    from person
    join planned_message using (arm_no)
    where kind = 'message' and unit(person_key, 'messages') < at_least
),
behaved as (
    select
        planned.*,
        campaign.campaign_id,
        campaign.channel,
        campaign.journey_no,
        unit(message_key, 'delivered') < delivered as is_delivered,
        sent_ms + 2000 + floor(88000 * unit(message_key, 'delivery'))::bigint as delivered_ms,
        120000 + floor(20 * 3600000 * pow(unit(message_key, 'reaction'), 2))::bigint as reaction_ms,
        unit(message_key, 'open') < opens as is_opened,
        unit(message_key, 'click') < click * engagement_factor as is_clicked,
        unit(message_key, 'reply') < reply * engagement_factor as is_replied,
        unit(message_key, 'unsubscribe') < unsubscribe as is_unsubscribed,
        unit(message_key, 'complain') < complain as is_complained,
        case when unit(message_key, 'click') < click * engagement_factor then visit_if_clicked else visit_else end as visit,
        relevance,
    from planned
    join campaign using (campaign_no)
    join message_behaviour using (arm_no, campaign_no)
    join engagement_factor using (trait)
),
stopped as (
    -- Who unsubscribes gets no further message of the experiment.
    select
        *,
        min(case when is_delivered and is_unsubscribed and arm_no > 0 then message_no end) over (partition by person_key) as last_no,
    from behaved
)
select *, is_delivered and unit(message_key, 'visit') < visit as is_visited
from stopped
where arm_no = 0 or last_no is null or message_no <= last_no;
