-- One row per message.
{{ mart_by('message', 'message_id', 'passed_messages()') }}
with built as (

    select messages.*
    from {{ ref('int_messages') }} as messages
    {% if builds_increment() -%}
    cross join {{ ref('as_of') }} as now
    where {{ increment_marker() }} messages.message_id in {{ touched('message') }} or {{ message_has_passed('messages') }}
    {%- endif %}

),

relevance_answers as (

    select
        subject_id as message_id,
        score,
        row_number() over (
            partition by subject_id order by occurred_at desc, {{ by_bytes('response_id') }} desc
        ) as answer_number
    from {{ ref('stg_survey_responses') }}
    where survey_type = 'relevance' and subject_type = 'message'

),

ticketed as (

    select distinct messages.message_id
    from built as messages
    inner join {{ ref('int_tickets') }} as tickets
        on
            messages.person_key = tickets.person_key
            and tickets.opened_us >= messages.delivered_us
            and tickets.opened_us < messages.delivered_us + {{ days_us(7) }}

),

purchased as (

    select distinct messages.message_id
    from built as messages
    inner join {{ ref('int_person_transactions') }} as transactions
        on
            messages.person_key = transactions.person_key
            and transactions.transaction_type = 'purchase'
            and transactions.occurred_us >= messages.delivered_us
            and transactions.occurred_us < messages.delivered_us + {{ days_us(30) }}

),

acted as (

    select
        messages.*,
        conversions.converted_us,
        messages.first_clicked_us is not null or messages.first_replied_us is not null as is_engaged,
        least(
            coalesce(messages.first_clicked_us, messages.first_replied_us),
            coalesce(messages.first_replied_us, messages.first_clicked_us)
        ) as engaged_us,
        least(
            coalesce(messages.first_clicked_us, messages.first_replied_us, conversions.converted_us),
            coalesce(messages.first_replied_us, messages.first_clicked_us, conversions.converted_us),
            coalesce(conversions.converted_us, messages.first_clicked_us, messages.first_replied_us)
        ) as first_action_us
    from built as messages
    left join {{ ref('int_message_conversions') }} as conversions
        on messages.message_id = conversions.message_id

)

select
    acted.message_id,
    acted.campaign_id,
    acted.channel,
    persons.person_id,
    context.lifecycle_stage,
    cast(acted.machine_opens as bigint) as machine_opens,
    cast(context.messages_prior_7d as bigint) as messages_prior_7d,
    {{ seconds_from_us(elapsed_us('acted.delivered_us', 'acted.first_action_us')) }} as latency_to_action_s,
    relevance_answers.score as relevance_score,
    acted.is_engaged,
    context.had_consent,
    {{ happened_within(7, 'acted.delivered_us', 'ticketed.message_id is not null') }} as ticket_opened_7d,
    {{ happened_within(30, 'acted.delivered_us', 'purchased.message_id is not null') }} as purchased_30d,
    {% for moment in ['sent', 'delivered', 'first_opened', 'first_clicked', 'first_replied', 'engaged', 'converted', 'first_action', 'unsubscribed', 'complained', 'bounced'] -%}
    {{ timestamp_from_us('acted.' ~ moment ~ '_us') }} as {{ moment }}_at
    {{- ',\n    ' if not loop.last }}
    {%- endfor %}
from acted
inner join {{ ref('int_persons') }} as persons
    on acted.person_key = persons.person_key
inner join {{ ref('int_message_context') }} as context
    on acted.message_id = context.message_id
left join relevance_answers
    on acted.message_id = relevance_answers.message_id and relevance_answers.answer_number = 1
left join ticketed
    on acted.message_id = ticketed.message_id
left join purchased
    on acted.message_id = purchased.message_id
cross join {{ ref('as_of') }} as now
