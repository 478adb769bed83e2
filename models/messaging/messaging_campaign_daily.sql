-- Messages by day of delivery, campaign, channel and stage of life. Rates are over what was delivered.
{% set happened = {'opened': 'first_opened_at', 'clicked': 'first_clicked_at', 'replied': 'first_replied_at', 'converted': 'converted_at', 'unsubscribed': 'unsubscribed_at', 'complained': 'complained_at', 'bounced': 'bounced_at'} -%}

with dated as (

    select
        *,
        {{ local_day(epoch_us('delivered_at'), var('reporting_timezone', 'UTC')) }} as day
    from {{ ref('fct_messages') }}
    where delivered_at is not null

),

counted as (

    select
        day,
        campaign_id,
        channel,
        lifecycle_stage,
        cast(count(*) as bigint) as delivered,
        {{ count_where('is_engaged') }} as engaged,
        {% for name, moment in happened.items() -%}
        {{ count_where(moment ~ ' is not null') }} as {{ name }},
        {% endfor -%}
        {{ sum_integer('machine_opens') }} as machine_opens,
        {{ count_where('machine_opens > 0') }} as machine_opened,
        {{ sum_integer('messages_prior_7d') }} as messages_prior_7d,
        {{ count_where('had_consent') }} as with_consent,
        {{ count_where('not had_consent') }} as without_consent,
        {{ count_where('relevance_score is not null') }} as relevance_answers,
        coalesce({{ exact_sum('relevance_score') }}, 0) as relevance_score_sum,
        {{ count_where('latency_to_action_s is not null') }} as acted,
        coalesce({{ exact_sum('latency_to_action_s') }}, 0) as latency_to_action_sum_s,
        {{ count_where('ticket_opened_7d') }} as ticket_opened_7d,
        {{ count_where('ticket_opened_7d is not null') }} as ticket_opened_7d_judged,
        {{ count_where('purchased_30d') }} as purchased_30d,
        {{ count_where('purchased_30d is not null') }} as purchased_30d_judged
    from dated
    group by day, campaign_id, channel, lifecycle_stage

)

select
    *,
    {% for name in ['opened', 'clicked', 'replied', 'engaged', 'converted', 'unsubscribed', 'complained'] -%}
    {{ rate(name, 'delivered') }} as {{ {'opened': 'open', 'clicked': 'click', 'replied': 'reply', 'engaged': 'engagement', 'converted': 'conversion', 'unsubscribed': 'unsubscribe', 'complained': 'complaint'}[name] }}_rate
    {{- ',\n    ' if not loop.last }}
    {%- endfor %}
from counted
