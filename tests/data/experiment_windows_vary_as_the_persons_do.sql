-- How two windows vary together is what person by person comes out, reckoned the plain way and in floating point; what a constant
-- leaves over is rounding.
with persons as (

    select
        pairs.*,
        later.metric_key,
        later.window_no,
        earlier.window_no as earlier_window_no,
        persons.person_key
    from {{ ref('experiment_window_stats') }} as pairs
    inner join {{ ref('int_metric_windows') }} as later
        on pairs.experiment_id = later.experiment_id and pairs.metric_id = later.metric_id and pairs.metric_window = later.metric_window
    inner join {{ ref('int_metric_windows') }} as earlier
        on later.metric_key = earlier.metric_key and pairs.earlier_window = earlier.metric_window
    inner join {{ ref('int_compared_persons') }} as persons
        on pairs.experiment_id = persons.experiment_id and pairs.variant_id = persons.variant_id
    cross join {{ ref('as_of') }} as now
    where persons.exposed_us + later.window_us <= now.as_of_us

),

paired as (

    select
        persons.experiment_id,
        persons.variant_id,
        persons.metric_id,
        persons.metric_window,
        persons.earlier_window,
        cast(coalesce(later.y, 0) as {{ type_double() }}) as y,
        cast(coalesce(later.d, 0) as {{ type_double() }}) as d,
        cast(coalesce(earlier.y, 0) as {{ type_double() }}) as x,
        cast(coalesce(earlier.d, 0) as {{ type_double() }}) as z
    from persons
    left join {{ ref('int_person_changes') }} as later
        on
            persons.metric_key = later.metric_key
            and persons.person_key = later.person_key
            and persons.window_no = later.window_no
            and later.is_last
    left join {{ ref('int_person_changes') }} as earlier
        on
            persons.metric_key = earlier.metric_key
            and persons.person_key = earlier.person_key
            and persons.earlier_window_no = earlier.window_no
            and earlier.is_last

),

plain as (

    select
        experiment_id,
        variant_id,
        metric_id,
        metric_window,
        earlier_window,
        {% for pair in ['yx', 'dz', 'yz', 'dx', 'xx'] -%}
        covar_samp({{ pair[0] }}, {{ pair[1] }}) as {{ pair }}{{ ',' if not loop.last }}
        {% endfor %}
    from paired
    group by experiment_id, variant_id, metric_id, metric_window, earlier_window
    having count(*) > 1

)

select
    plain.*
from plain
inner join {{ ref('experiment_window_stats') }} as pairs
    on
        plain.experiment_id = pairs.experiment_id
        and plain.variant_id = pairs.variant_id
        and plain.metric_id = pairs.metric_id
        and plain.metric_window = pairs.metric_window
        and plain.earlier_window = pairs.earlier_window
inner join {{ ref('int_metric_pivots') }} as pivots
    on
        plain.experiment_id = pivots.experiment_id
        and plain.metric_id = pivots.metric_id
        and plain.metric_window = pivots.metric_window
where
    {%- for pair in ['yx', 'dz', 'yz', 'dx', 'xx'] %}
    {%- set scaled = pair | select('in', 'yx') | list | length %}
    {{ 'or ' if not loop.first }}abs(
        (pairs.sum_{{ pair }} - pairs.sum_{{ pair[0] }} * pairs.sum_{{ pair[1] }} / pairs.persons) / (pairs.persons - 1){{ ' * pivots.scale' * scaled }}
        - plain.{{ pair }}
    ) > 1e-6 * (1 + abs(plain.{{ pair }})) + 1e-12 * abs(pairs.sum_{{ pair }}) / (pairs.persons - 1){{ ' * pivots.scale' * scaled }}
    {%- endfor %}
