-- The days on which each person was seen: in a session, a ticket of theirs, an answer, a transaction, or exposed to an experiment.
-- What only reached them (a message) is not it.
{{ mart_by('person') }}
{% set timezone = var('reporting_timezone', 'UTC') -%}
{% set acts = {'fct_sessions': 'started_at', 'fct_tickets': 'opened_at', 'fct_survey_responses': 'occurred_at', 'fct_transactions': 'occurred_at', 'fct_exposures': 'exposed_at'} -%}

with acts as (

    {% for fact, moment in acts.items() -%}
    select
        person_id,
        {{ local_day(epoch_us(moment), timezone) }} as active_on
    from {{ ref(fact) }}
    {% if builds_increment() -%}
    where {{ increment_marker() }} person_id in (select person_id from {{ ref('int_persons') }} where person_key in {{ touched('person') }})
    {%- endif %}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    person_id,
    active_on
from acts
group by person_id, active_on
