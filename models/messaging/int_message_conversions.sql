-- The first time, after its delivery and within the campaign's attribution window, that the person completed what a message
-- was about. Every message in its window is credited.
{{ built_by('message') }}
with targeted as (

    select
        messages.message_id,
        messages.person_key,
        messages.delivered_us,
        messages.delivered_us + cast(round(campaigns.attribution_hours * 3600000000) as bigint) as window_end_us,
        targets.journey_key,
        campaigns.target_step_id,
        steps.step_order
    from {{ ref('int_messages') }} as messages
    inner join {{ ref('cfg_campaigns') }} as campaigns
        on messages.campaign_id = campaigns.campaign_id
    inner join (select distinct journey_id, journey_key from {{ ref('int_journey_steps') }}) as targets
        on campaigns.target_journey_id = targets.journey_id
    left join {{ ref('int_journey_steps') }} as steps
        on campaigns.target_journey_id = steps.journey_id and campaigns.target_step_id = steps.step_id
    where messages.delivered_us is not null and {{ is_touched('messages.message_id', 'message') }}

),

completions as (

    select
        person_key,
        journey_key,
        cast(null as bigint) as step_order,
        completed_us
    from {{ ref('int_journey_attempts') }}
    where completed_us is not null
    union all
    select
        person_key,
        journey_key,
        step_order,
        completed_us
    from {{ ref('int_step_attempts') }}
    where completed_us is not null

)

select
    targeted.message_id,
    min(completions.completed_us) as converted_us
from targeted
inner join completions
    on
        targeted.person_key = completions.person_key
        and targeted.journey_key = completions.journey_key
        and coalesce(targeted.step_order, 0) = coalesce(completions.step_order, 0)
        and completions.completed_us >= targeted.delivered_us
        and completions.completed_us < targeted.window_end_us
where targeted.target_step_id is null or targeted.step_order is not null
group by targeted.message_id
