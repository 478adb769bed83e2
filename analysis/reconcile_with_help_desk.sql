-- Do these figures agree with the help desk's own report? By month of opening: put the desk's export beside it, column by column.
-- Where they differ, the usual reasons are: the desk drops open tickets from its times, counts a bot as the first response,
-- closes by a timer, or counts a merged ticket once.
select
    {{ dbt.date_trunc('month', 'day') }} as opened_month,
    channel,
    sum(tickets) as tickets,
    sum(open_tickets) as still_open,
    sum(resolved) as solved,
    sum(reopened) as reopened,
    sum(escalated) as escalated,
    sum(repeat_contacts) as repeat_contacts,
    {{ rate('sum(first_response_sum_s)', 'sum(responded)') }} / 60 as first_response_min_bot_or_human,
    {{ rate('sum(first_human_response_sum_s)', 'sum(human_responded)') }} / 60 as first_response_min_human_only,
    {{ rate('sum(first_human_response_business_sum_s)', 'sum(human_responded)') }} / 60 as first_response_business_min_human_only,
    {{ rate('sum(resolution_sum_s)', 'sum(resolved)') }} / 3600 as resolution_h_of_solved_tickets,
    {{ rate('sum(csat_sum)', 'sum(csat_answers)') }} as csat,
    sum(csat_answers) as csat_answers
from {{ ref('handover_daily') }}
group by {{ dbt.date_trunc('month', 'day') }}, channel
order by opened_month, channel
