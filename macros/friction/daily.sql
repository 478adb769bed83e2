{# The additive figures of step attempts, for any grain: what both daily marts of steps hold. #}
{% macro step_daily_figures() %}
    cast(count(*) as bigint) as entries,
    {{ count_where('is_completed') }} as completions,
    {{ count_where('is_abandoned') }} as abandonments,
    {{ count_where("not is_completed and attempt_outcome = 'in_progress'") }} as in_progress,
    {{ count_where('errors > 0') }} as entries_with_error,
    {{ signal_figures() }}
{%- endmacro %}

{# The same for journey attempts. #}
{% macro journey_daily_figures() %}
    cast(count(*) as bigint) as attempts,
    {{ count_where("outcome = 'completed'") }} as completions,
    {{ count_where("outcome = 'abandoned'") }} as abandonments,
    {{ count_where("outcome = 'in_progress'") }} as in_progress,
    {{ count_where('errors > 0') }} as attempts_with_error,
    {{ count_where('failed_at_required_step') }} as failures_at_required_step,
    {{ count_where('is_silent_friction') }} as silent_frictions,
    {{ count_where('is_silent_friction is not null') }} as completions_judged,
    {{ signal_figures() }}
{%- endmacro %}

{# What both have of signals and times. #}
{% macro signal_figures() -%}
    {%- for signal in step_signals() -%}
    {{ sum_integer(signal) }} as {{ signal }},
    {% endfor -%}
    {{ exact_sum('pause_s') }} as pause_s,
    {{ exact_sum('duration_s') }} as duration_s,
    {{ percentile('duration_s', 0.5) }} as duration_p50_s,
    {{ percentile('duration_s', 0.9) }} as duration_p90_s
{%- endmacro %}

{# Rates over what is finished, beside the counts that make them. #}
{% macro finished_rates(total) %}
    {{ rate('completions', total ~ ' - in_progress') }} as completion_rate,
    {{ rate('abandonments', total ~ ' - in_progress') }} as abandonment_rate
{%- endmacro %}

{# One row per carried dimension of a row with `dimensions`; nothing where none are carried. #}
{% macro by_dimension(relation) -%}
{%- for key in var('event_dimensions', []) | sort %}
    select
        attempts.*,
        {{ literal(key) }} as dimension_name,
        coalesce({{ json_text('attempts.dimensions', key) }}, '(not set)') as dimension_value
    from {{ relation }} as attempts
    {{ 'union all' if not loop.last }}
{%- else %}
    select
        attempts.*,
        cast(null as {{ dbt.type_string() }}) as dimension_name,
        cast(null as {{ dbt.type_string() }}) as dimension_value
    from {{ relation }} as attempts
    where 1 = 0
{%- endfor %}
{%- endmacro %}
