-- One row per ticket.
{{ mart_by('ticket', 'ticket_id', 'passed_tickets()') }}
-- depends_on: {{ ref('int_ticket_lives') }}, {{ ref('cfg_business_hours') }}
{% set business_landmarks = ['first_response', 'first_human_response', 'first_resolved', 'resolved'] -%}

with built as (

    select tickets.*
    from {{ ref('int_tickets') }} as tickets
    {% if builds_increment() -%}
    cross join {{ ref('as_of') }} as now
    where {{ increment_marker() }} tickets.ticket_id in {{ touched('ticket') }} or {{ ticket_has_passed('tickets') }}
    {%- endif %}

),

clocks as (

    {{ business_clocks('built', ['opened'] + business_landmarks) }}

),

csat_answers as (

    select
        subject_id as ticket_id,
        score,
        row_number() over (
            partition by subject_id order by occurred_at desc, {{ by_bytes('response_id') }} desc
        ) as answer_number
    from {{ ref('stg_survey_responses') }}
    where survey_type = 'csat' and subject_type = 'ticket'

),

repeated as (

    select
        tickets.ticket_id,
        min(others.opened_us) as repeated_us
    from built as tickets
    inner join {{ ref('int_tickets') }} as others
        on
            tickets.person_key = others.person_key
            and tickets.ticket_id <> others.ticket_id
            and others.opened_us >= tickets.resolved_us
            and others.opened_us < tickets.resolved_us + {{ days_us(7) }}
    group by tickets.ticket_id

),

followed as (

    select
        tickets.ticket_id,
        max(case when transactions.transaction_type = 'subscription_cancel' then 1 else 0 end) as churned,
        max(case when transactions.transaction_type = 'refund' then 1 else 0 end) as refunded
    from built as tickets
    inner join {{ ref('int_person_transactions') }} as transactions
        on
            tickets.person_key = transactions.person_key
            and transactions.occurred_us >= tickets.opened_us
            and transactions.occurred_us < tickets.opened_us + {{ days_us(30) }}
    group by tickets.ticket_id

)

select
    tickets.ticket_id,
    persons.person_id,
    tickets.channel,
    tickets.path,
    tickets.handover_timing,
    {% for count in ['reopens', 'failed_bot_turns', 'agents', 'agent_messages'] -%}
    cast(tickets.{{ count }} as bigint) as {{ count }},
    {% endfor -%}
    {{ seconds_from_us(elapsed_us('tickets.opened_us', 'tickets.first_response_us')) }} as first_response_s,
    {{ seconds_from_us(elapsed_us('tickets.opened_us', 'tickets.first_human_response_us')) }} as first_human_response_s,
    {{ seconds_from_us(elapsed_us('tickets.handed_over_us', 'tickets.taken_over_us')) }} as handover_wait_s,
    {{ seconds_from_us(elapsed_us('tickets.opened_us', 'tickets.first_resolved_us')) }} as first_resolution_s,
    {{ seconds_from_us(elapsed_us('tickets.opened_us', 'tickets.resolved_us')) }} as resolution_s,
    {{ seconds_from_us(elapsed_us('tickets.opened_us', 'tickets.observed_until_us')) }} as observed_s,
    {% for landmark in business_landmarks -%}
    {{ seconds_from_us(elapsed_us('clocks.opened_clock_us', 'clocks.' ~ landmark ~ '_clock_us')) }} as {{ landmark | replace('resolved', 'resolution') }}_business_s,
    {% endfor -%}
    csat_answers.score as csat_score,
    costs.cost_per_contact + tickets.agent_messages * costs.minutes_per_agent_message * costs.cost_per_agent_minute as support_cost,
    tickets.resolved_us is not null as is_resolved,
    {{ happened_within(7, 'tickets.resolved_us', 'repeated.ticket_id is not null') }} as is_repeat_contact,
    {{ happened_within(30, 'tickets.opened_us', 'followed.churned = 1') }} as churned_30d,
    {{ happened_within(30, 'tickets.opened_us', 'followed.refunded = 1') }} as refunded_30d,
    {{ timestamp_from_us("case when tickets.handover_timing = 'missed' then tickets.handover_due_us end") }} as missed_handover_at,
    {{ timestamp_from_us('greatest(tickets.opened_us, coalesce(tickets.last_agent_message_us, tickets.opened_us))') }} as support_cost_known_at,
    {{ timestamp_from_us('repeated.repeated_us') }} as repeat_contact_at,
    case
        when repeated.repeated_us is not null then {{ timestamp_from_us('repeated.repeated_us') }}
        when now.as_of_us >= tickets.resolved_us + {{ days_us(7) }} then {{ timestamp_from_us('tickets.resolved_us + ' ~ days_us(7)) }}
    end as repeat_contact_known_at,
    {% for moment in ['opened', 'first_response', 'first_human_response', 'handover_offered', 'handover_requested', 'handed_over', 'taken_over', 'first_resolved', 'resolved', 'reopened'] -%}
    {{ timestamp_from_us('tickets.' ~ moment ~ '_us') }} as {{ moment }}_at
    {{- ',\n    ' if not loop.last }}
    {%- endfor %}
from built as tickets
inner join {{ ref('int_persons') }} as persons
    on tickets.person_key = persons.person_key
inner join clocks
    on tickets.ticket_id = clocks.ticket_id
left join {{ ref('cfg_support_costs') }} as costs
    on tickets.channel = costs.channel and costs.currency = {{ literal(var('reporting_currency', 'EUR')) }}
left join csat_answers
    on tickets.ticket_id = csat_answers.ticket_id and csat_answers.answer_number = 1
left join repeated
    on tickets.ticket_id = repeated.ticket_id
left join followed
    on tickets.ticket_id = followed.ticket_id
cross join {{ ref('as_of') }} as now
