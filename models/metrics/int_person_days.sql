-- The days on which each person was seen, by person key: the first and the last of a session, and those of a completion, a ticket of
-- theirs, an answer, a transaction, or an exposure to an experiment. What only reached them (a message) is not it. The first day of each
-- of their weeks is marked, so that persons are counted by week without telling them apart.
{{ built_by('person') }}
{% set acts = [
    ('int_sessions', 'started_us'), ('int_sessions', 'ended_us'), ('int_attempts', 'completed_us'), ('int_ticket_lives', 'opened_us'),
    ('int_person_answers', 'occurred_us'), ('int_person_transactions', 'occurred_us'), ('int_exposures', 'exposed_us'),
] -%}

with acts as (

    {% for relation, moment in acts -%}
    select
        person_key,
        {{ local_day(moment, var('reporting_timezone', 'UTC')) }} as active_on
    from {{ ref(relation) }}
    where {{ moment }} is not null and {{ is_touched('person_key') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

days as (

    select
        person_key,
        active_on
    from acts
    group by person_key, active_on

),

followed as (

    select
        *,
        lag(active_on) over (partition by person_key order by active_on) as previously_on
    from days

)

select
    person_key,
    active_on,
    coalesce(previously_on < {{ week_of_day('active_on') }}, true) as is_first_of_week
from followed
