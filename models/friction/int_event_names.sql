-- Every combination of event name and page that occurs, numbered: events carry the number instead of the text. What has a number keeps it.
{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail', pre_hook="{{ begin_build() }}") }}
{% set increment = builds_increment() -%}

with names as (

    select distinct
        events.event_name,
        coalesce(events.page_path, '') as page_path
    from {{ ref('int_checked_events') }} as events
    {% if increment -%}
    left join {{ this }} as known
        on events.event_name = known.event_name and coalesce(events.page_path, '') = known.page_path
    {% endif -%}
    where
        events.copy_number = 1
        {%- if increment %}
        and {{ increment_marker() }} events.run_no > {{ last_build(model.name).run_no }}
        and known.event_kind is null
        {%- endif %}

)

select
    cast(row_number() over (order by {{ by_bytes('event_name') }}, {{ by_bytes('page_path') }}) as bigint)
    {%- if increment %} + (select coalesce(max(event_kind), 0) from {{ this }}){% endif %} as event_kind,
    event_name,
    page_path
from names
