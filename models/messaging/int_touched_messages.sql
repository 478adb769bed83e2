-- Which messages changed in which run: those about which something landed, and those of touched persons that look at what changed: sent or
-- delivered after it, or so shortly before that it lies in one of their windows. A table built from scratch touches none.
{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail', pre_hook="{{ begin_build() }}") }}
{{ is_built_after('int_checked_message_events') }}
{{ is_built_after('int_checked_survey_responses') }}
{{ is_built_after('int_touched_persons') }}
{{ is_built_after('int_touched_events') }}
{{ is_built_after('cfg_campaigns') }}
{% set messages = as_it_stands('int_messages') -%}
{% set increment = builds_increment() and messages is not none -%}

{%- if not increment %}
select
    message_id,
    {{ run_number() }} as run_no
from {{ ref('int_checked_message_events') }}
where 1 = 0
{%- else %}
{% set last_run = last_build(model.name).run_no -%}
with landed as (

    {{ landed_subjects('message') }}

),

changes as (

    select
        person_key,
        from_us
    from {{ touched_others() }} as others
    union all
    -- a message is credited with what its person completes in the hours after it
    select
        events.person_key,
        events.from_us - longest.attribution_us as from_us
    from {{ ref('int_touched_events') }} as events
    cross join (
        select coalesce(cast(round(max(attribution_hours) * 3600000000) as bigint), 0) as attribution_us
        from {{ ref('cfg_campaigns') }}
    ) as longest
    where events.run_no > {{ last_run }}
    union all
    -- those that come after a message count it, as it was before this run
    select
        person_key,
        least(
            coalesce(sent_us, reported_us, first_noticed_us),
            coalesce(reported_us, sent_us, first_noticed_us),
            coalesce(first_noticed_us, sent_us, reported_us)
        ) as from_us
    from {{ messages }}
    where message_id in (select message_id from landed)

),

persons as (

    select
        person_key,
        min(from_us) as from_us
    from changes
    group by person_key

),

touched as (

    select message_id
    from landed
    union
    select messages.message_id
    from {{ messages }} as messages
    inner join persons
        on messages.person_key = persons.person_key and (messages.sent_us >= persons.from_us or messages.delivered_us >= persons.from_us)

)

select
    message_id,
    {{ run_number() }} as run_no
from touched
where {{ increment_marker() }} 1 = 1
{%- endif %}
