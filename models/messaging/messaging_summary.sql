-- Messaging in one look: all delivered messages, by campaign, channel and stage of life, and by how many the person had had in the
-- seven days before. Each row counts the same things; rows of different breakdowns do not add up.
{% set pressure = "case when messages_prior_7d <= 3 then cast(messages_prior_7d as " ~ dbt.type_string() ~ ") when messages_prior_7d <= 6 then '4-6' else '7+' end" -%}
{% set breakdowns = {'all': "'all'", 'campaign': 'campaign_id', 'channel': 'channel', 'lifecycle_stage': 'lifecycle_stage', 'pressure': pressure} -%}
{% set happened = {'opened': 'first_opened_at', 'clicked': 'first_clicked_at', 'replied': 'first_replied_at', 'converted': 'converted_at', 'unsubscribed': 'unsubscribed_at', 'complained': 'complained_at'} -%}

-- what adds up is counted once for all breakdowns
with counted_finely as (

    select
        campaign_id,
        channel,
        lifecycle_stage,
        messages_prior_7d,
        count(*) as delivered,
        {{ count_where('is_engaged') }} as engaged,
        {% for name, moment in happened.items() -%}
        {{ count_where(moment ~ ' is not null') }} as {{ name }},
        {% endfor -%}
        {{ count_where('machine_opens > 0') }} as machine_opened,
        {{ count_where('machine_opens > 0 and first_opened_at is null') }} as machine_opened_only,
        {{ count_where('had_consent') }} as with_consent,
        {{ count_where('not had_consent') }} as without_consent,
        {{ count_where('relevance_score is not null') }} as relevance_answers,
        coalesce(sum({{ millionths('(relevance_score - 1) / 4') }}), 0) as relevance_millionths,
        {{ count_where('latency_to_action_s is not null') }} as acted
    from {{ ref('fct_messages') }}
    where delivered_at is not null
    group by campaign_id, channel, lifecycle_stage, messages_prior_7d

),

counted as (
    {% for breakdown, value in breakdowns.items() %}
    select
        '{{ breakdown }}' as breakdown,
        {{ value }} as breakdown_value,
        {% for name in ['delivered', 'engaged'] + happened.keys() | list + ['machine_opened', 'machine_opened_only', 'with_consent', 'without_consent', 'relevance_answers', 'acted'] -%}
        {{ sum_integer(name) }} as {{ name }},
        {% endfor -%}
        cast(sum(relevance_millionths) as {{ type_double() }}) / 1000000 as relevance_score_sum
    from counted_finely
    {% if breakdown == 'all' %}having count(*) > 0{% else %}group by {{ value }}{% endif %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

latencies as (
    {% for breakdown, value in breakdowns.items() %}
    select
        '{{ breakdown }}' as breakdown,
        {{ value }} as breakdown_value,
        {{ percentile('latency_to_action_s', 0.5) }} as latency_to_action_p50_s
    from {{ ref('fct_messages') }}
    where delivered_at is not null and latency_to_action_s is not null
    {% if breakdown != 'all' %}group by {{ value }}{% endif %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select
    counted.*,
    latencies.latency_to_action_p50_s,
    {% for name in ['opened', 'clicked', 'replied', 'engaged', 'converted', 'unsubscribed', 'complained', 'machine_opened', 'machine_opened_only'] -%}
    {{ rate(name, 'delivered') }} as {{ {'opened': 'open', 'clicked': 'click', 'replied': 'reply', 'engaged': 'engagement', 'converted': 'message_conversion', 'unsubscribed': 'unsubscribe', 'complained': 'complaint', 'machine_opened': 'machine_open', 'machine_opened_only': 'machine_open_only'}[name] }}_rate,
    {% endfor -%}
    {{ rate('without_consent', '(with_consent + without_consent)') }} as unconsented_rate,
    {{ rate('relevance_score_sum', 'relevance_answers') }} as relevance_score
from counted
left join latencies
    on counted.breakdown = latencies.breakdown and counted.breakdown_value is not distinct from latencies.breakdown_value
