-- The life of each ticket, in one grouped pass over its events.
{{ built_by('ticket') }}
{% set at = "events.occurred_us" -%}

with lives as (

    select
        events.ticket_id,
        max(case when events.event_seq = landmarks.opening_seq then events.person_key end) as person_key,
        max(case when events.event_seq = landmarks.channel_seq then events.channel end) as channel,
        max(case when events.event_seq = landmarks.opening_seq then {{ at }} end) as opened_us,
        min(case when events.event_seq > landmarks.opening_seq and events.event_type in ('bot_message', 'agent_message') then {{ at }} end) as first_response_us,
        min(case when events.event_seq > landmarks.opening_seq and events.event_type = 'agent_message' then {{ at }} end) as first_human_response_us,
        min(case when events.event_type = 'handover_offered' then {{ at }} end) as handover_offered_us,
        min(case when events.event_type = 'handover_requested' then {{ at }} end) as handover_requested_us,
        max(landmarks.handed_over_us) as handed_over_us,
        min(case when events.event_type = 'agent_message' and {{ at }} >= landmarks.handed_over_us then {{ at }} end) as taken_over_us,
        min(case when events.is_resolution then {{ at }} end) as first_resolved_us,
        min(case when events.is_resolution and events.event_seq > coalesce(landmarks.last_reopened_seq, 0) then {{ at }} end) as resolved_us,
        min(case when events.event_type = 'reopened' and events.event_seq > landmarks.first_resolution_seq then {{ at }} end) as reopened_us,
        max(case when events.event_type = 'agent_message' then {{ at }} end) as last_agent_message_us,
        min(case
            when events.event_type = 'handover_requested' or (events.is_failed_bot_turn and events.failed_bot_turns_so_far = {{ number_var('handover_threshold', 2) }})
                then {{ at }}
        end) as handover_due_us,
        {{ count_where("events.event_type = 'reopened' and events.event_seq > landmarks.first_resolution_seq") }} as reopens,
        {{ count_where("events.event_type = 'bot_message'") }} as bot_messages,
        {{ count_where("events.event_type = 'agent_message'") }} as agent_messages,
        count(distinct events.agent_id) as agents,
        {{ count_where('events.is_failed_bot_turn and (landmarks.handed_over_seq is null or events.event_seq < landmarks.handed_over_seq)') }} as failed_bot_turns,
        max(case when landmarks.is_requested_before then 1 else 0 end) as is_requested_before
    from {{ ref('int_ticket_events') }} as events
    inner join {{ ref('int_ticket_landmarks') }} as landmarks
        on events.ticket_id = landmarks.ticket_id
    where {{ is_touched('events.ticket_id', 'ticket') }}
    group by events.ticket_id

)

select
    lives.*,
    case
        when lives.handed_over_us is not null then 'handover'
        when lives.agent_messages = 0 and lives.bot_messages = 0 then 'unanswered'
        when lives.agent_messages = 0 then 'bot_only'
        when lives.bot_messages = 0 then 'human_only'
        else 'mixed'
    end as path,
    case
        when lives.handed_over_us is null and (lives.handover_requested_us is not null or lives.failed_bot_turns >= {{ number_var('handover_threshold', 2) }}) then 'missed'
        when lives.handed_over_us is null then null
        when lives.is_requested_before = 1 then 'requested'
        when lives.failed_bot_turns < {{ number_var('handover_threshold', 2) }} then 'early'
        when lives.failed_bot_turns = {{ number_var('handover_threshold', 2) }} then 'on_time'
        else 'late'
    end as handover_timing
from lives
