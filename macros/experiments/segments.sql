{# The columns of `users` that experiments are cut by: none where that table is switched off. #}
{% macro segment_columns() -%}{{ return([] if is_switched_off('users') else var('user_segments', [])) }}{%- endmacro %}

{#
  The segments of the persons compared, one per column of `users` that experiments are cut by. Who has no row in `users` is `(not set)`, like who
  has an empty cell: so segments add up to everyone.
#}
{% macro person_segments() -%}
    {%- for column in segment_columns() %}
    select
        persons.person_key,
        '{{ column }}=' || coalesce(known.{{ column }}, '(not set)') as segment
    from (select distinct person_key from {{ ref('int_compared_persons') }}) as persons
    left join (
        select
            keys.person_key,
            users.{{ column }}
        from {{ ref('stg_users') }} as users
        inner join {{ ref('int_person_keys') }} as keys
            on 'u:' || users.user_id = keys.identity
    ) as known
        on persons.person_key = known.person_key
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{# Persons and sums of each segment, in the columns that these have for all persons. #}
{% macro segment_entries() -%}
    select
        persons.variant_key,
        windows.window_no,
        segments.segment,
        count(*) as persons
    from {{ ref('int_compared_persons') }} as persons
    inner join segments
        on persons.person_key = segments.person_key
    inner join (select distinct experiment_id, window_no, window_us from {{ ref('int_metric_windows') }}) as windows
        on persons.experiment_id = windows.experiment_id
    cross join {{ ref('as_of') }} as now
    where windows.window_us is null or persons.exposed_us + windows.window_us <= now.as_of_us
    group by persons.variant_key, windows.window_no, segments.segment
{%- endmacro %}

{% macro segment_sums() -%}
{%- set rows -%}
    select
        changes.metric_key,
        changes.variant_key,
        changes.window_no,
        segments.segment,
        changes.y,
        changes.d,
        changes.x,
        changes.z
    from {{ ref('int_person_changes') }} as changes
    inner join segments
        on changes.person_key = segments.person_key
    cross join {{ ref('as_of') }} as now
    where changes.is_last and {{ window_has_passed('changes') }}
{%- endset %}
    select
        metric_key,
        variant_key,
        window_no,
        segment,
        {% for moment in all_moments() -%}
        sum({{ moment }}) as {{ moment }}{{ ',' if not loop.last }}
        {% endfor %}
    from (
        {{ sums_of_moments(rows, ['metric_key', 'variant_key', 'window_no', 'segment'], all_moments()) }}
    ) as summed
    group by metric_key, variant_key, window_no, segment
{%- endmacro %}
