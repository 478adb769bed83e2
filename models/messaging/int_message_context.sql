-- What was true of the person when a message reached them: how many messages before it, consent, and stage of life.
{{ built_by('message') }}
{% set messages = ref('int_messages') -%}

with built as (

    select *
    from {{ messages }}
    where {{ is_touched('message_id', 'message') }}

),

-- over all that reached the same persons
counted as (

    select
        message_id,
        person_key,
        sent_us,
        delivered_us,
        case when delivered_us is not null then count(delivered_us) over (
            partition by person_key order by delivered_us range between {{ days_us(7) }} preceding and 1 preceding
        ) end as messages_prior_7d
    from {{ messages }}
    {% if builds_increment() -%}
    where person_key in (select person_key from built)
    {%- endif %}

),

pressed as (

    select counted.*
    from counted
    inner join built
        on counted.message_id = built.message_id

),

consents as (

    select
        messages.message_id,
        consents.is_granted,
        row_number() over (
            partition by messages.message_id order by consents.occurred_at desc, {{ by_bytes('consents.consent_id') }} desc
        ) as consent_number
    from built as messages
    inner join {{ ref('int_person_consents') }} as consents
        on messages.person_key = consents.person_key and consents.occurred_us < messages.sent_us
    where consents.purpose = 'marketing'

),

-- a session that reaches into the 30 days before has an event in them: its gaps are shorter than that
active as (

    select distinct messages.message_id
    from built as messages
    inner join {{ ref('int_sessions') }} as sessions
        on
            messages.person_key = sessions.person_key
            and sessions.started_us < messages.delivered_us
            and sessions.ended_us >= messages.delivered_us - {{ days_us(30) }}

),

users as (

    select
        keys.person_key,
        {{ epoch_us('users.created_at') }} as created_us
    from {{ ref('int_changed_users') }} as users
    inner join {{ ref('int_person_keys') }} as keys
        on 'u:' || users.user_id = keys.identity
    {%- if builds_increment() %}
    where keys.person_key in (select person_key from built)
    {%- endif %}

)

select
    pressed.message_id,
    pressed.messages_prior_7d,
    consents.is_granted as had_consent,
    case
        when pressed.delivered_us is null then null
        when users.created_us is null or users.created_us > pressed.delivered_us then 'visitor'
        when users.created_us >= pressed.delivered_us - {{ days_us(30) }} then 'new'
        when active.message_id is not null then 'active'
        else 'lapsed'
    end as lifecycle_stage
from pressed
left join consents
    on pressed.message_id = consents.message_id and consents.consent_number = 1
left join active
    on pressed.message_id = active.message_id
left join users
    on pressed.person_key = users.person_key
