-- Every pair of user_id and anonymous_id that an accepted row carries (either may be null), when it was first seen, and in which run that
-- last changed. An increment looks at the pairs of rows that were written since; all rows of a pair are read again only where its
-- first one lost its place to another copy. A pair that no row carries any more stays, without a moment.
{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='pair_id', on_schema_change='fail', pre_hook="{{ begin_build() }}") }}
{% for table in person_tables() -%}
{{ is_built_after('int_checked_' ~ table) }}
{% endfor -%}
{% set increment = builds_increment() -%}

with sightings as (

    {% for table in person_tables() -%}
    {% set moment = raw_contract()[table].moment -%}
    select
        user_id,
        anonymous_id,
        {% if increment -%}
        min(case when copy_number = 1 then {{ moment }} end) as first_seen_at,
        min(case when copy_number > 1 then {{ moment }} end) as copied_at
    from {{ ref('int_checked_' ~ table) }}
    where {{ increment_marker() }} run_no > {{ last_build(model.name).run_no }} and rejection_reason is null
    {%- else -%}
        min({{ moment }}) as first_seen_at
    from {{ ref('stg_' ~ table) }}
    {%- endif %}
    group by user_id, anonymous_id
    {{- '\n    union all\n    ' if not loop.last }}
    {%- endfor %}

),

pairs as (

    select
        {{ as_text('length(user_id)') }} || ':' || coalesce(user_id, '') || coalesce(anonymous_id, '') as pair_id,
        user_id,
        anonymous_id,
        {% if increment -%}
        min(copied_at) as copied_at,
        {% endif -%}
        min(first_seen_at) as first_seen_at
    from sightings
    group by user_id, anonymous_id

)

{%- if increment %},

compared as (

    select
        pairs.*,
        before.first_seen_at as seen_before_at,
        -- was the row by which it was first seen one of those that are copies now?
        coalesce(pairs.copied_at <= before.first_seen_at and (pairs.first_seen_at is null or pairs.first_seen_at > pairs.copied_at), false) as is_in_doubt
    from pairs
    left join {{ this }} as before
        on pairs.pair_id = before.pair_id

),

read_again as (

    select
        compared.pair_id,
        min(staged.seen_at) as first_seen_at
    from (
        {% for table in person_tables() -%}
        select
            user_id,
            anonymous_id,
            {{ raw_contract()[table].moment }} as seen_at
        from {{ ref('stg_' ~ table) }}
        {{- '\n        union all\n        ' if not loop.last }}
        {%- endfor %}
    ) as staged
    inner join compared
        on
            coalesce(staged.user_id, '') = coalesce(compared.user_id, '')
            and coalesce(staged.anonymous_id, '') = coalesce(compared.anonymous_id, '')
    where compared.is_in_doubt
    group by compared.pair_id

),

final as (

    select
        compared.pair_id,
        compared.user_id,
        compared.anonymous_id,
        compared.seen_before_at,
        case
            when compared.is_in_doubt then read_again.first_seen_at
            when compared.first_seen_at is null or compared.first_seen_at >= compared.seen_before_at then compared.seen_before_at
            else compared.first_seen_at
        end as first_seen_at
    from compared
    left join read_again
        on compared.pair_id = read_again.pair_id

)
{%- endif %}

select
    pair_id,
    user_id,
    anonymous_id,
    first_seen_at,
    {{ run_number() }} as run_no
from {{ 'final' if increment else 'pairs' }}
{%- if increment %}
where first_seen_at <> seen_before_at or (first_seen_at is null) <> (seen_before_at is null)
{%- endif %}
