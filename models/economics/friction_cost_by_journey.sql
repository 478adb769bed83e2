-- What each journey costs: the steps of friction_cost added up.
select
    journey_id,
    currency,
    {{ sum_integer('entries') }} as entries,
    {{ sum_integer('abandonments') }} as abandonments,
    {{ count_where('expected_value_lost is null') }} as steps_without_value,
    {{ exact_sum('expected_value_lost') }} as expected_value_lost
from {{ ref('friction_cost') }}
group by journey_id, currency
