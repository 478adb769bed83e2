-- What each kind of event means: does it enter a step, is it a signal of friction?
with signals as (

    select
        event_name,
        max(case when signal = 'click' then 1 else 0 end) as is_click,
        max(case when signal = 'field_edit' then 1 else 0 end) as is_field_edit,
        max(case when signal = 'error' then 1 else 0 end) as is_error,
        max(case when signal = 'help' then 1 else 0 end) as is_help,
        max(case when signal = 'exit_survey' then 1 else 0 end) as is_exit_survey
    from {{ ref('cfg_signal_events') }}
    group by event_name

),

entering as (

    select distinct event_kind
    from {{ ref('int_kind_steps') }}

)

select
    names.event_kind,
    names.event_name,
    names.page_path,
    entering.event_kind is not null as is_entry,
    coalesce(signals.is_click, 0) as is_click,
    coalesce(signals.is_field_edit, 0) as is_field_edit,
    coalesce(signals.is_error, 0) as is_error,
    coalesce(signals.is_help, 0) as is_help,
    coalesce(signals.is_exit_survey, 0) as is_exit_survey
from {{ ref('int_event_names') }} as names
left join signals
    on names.event_name = signals.event_name
left join entering
    on names.event_kind = entering.event_kind
