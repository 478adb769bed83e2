{# The segments of persons, one per column of `users` that experiments are cut by. #}
{% macro person_segments() -%}
    {%- for column in var('user_segments', []) %}
    select
        keys.person_key,
        '{{ column }}=' || coalesce(users.{{ column }}, '(not set)') as segment
    from {{ ref('stg_users') }} as users
    inner join {{ ref('int_person_keys') }} as keys
        on 'u:' || users.user_id = keys.identity
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{# Persons, sums and cubes of each segment, in the columns that these have for all persons. #}
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
    select
        changes.metric_key,
        changes.variant_key,
        changes.window_no,
        segments.segment,
        {% for moment in moments() -%}
        sum({% for letter in moment %}cast(changes.{{ letter }} as {{ type_wide_integer() }}){{ ' * ' if not loop.last }}{% endfor %}) as {{ moment }},
        {% endfor -%}
        sum({{ cube_in_millionths(deviation('changes.y', 'changes.d')) }}) as cubes,
        count(*) as begun
    from {{ ref('int_person_changes') }} as changes
    inner join segments
        on changes.person_key = segments.person_key
    inner join {{ ref('int_metric_pivots') }} as pivots
        on changes.metric_key = pivots.metric_key and changes.window_no = pivots.window_no
    cross join {{ ref('as_of') }} as now
    where changes.is_last and (pivots.window_us is null or changes.exposed_us + pivots.window_us <= now.as_of_us)
    group by changes.metric_key, changes.variant_key, changes.window_no, segments.segment
{%- endmacro %}
