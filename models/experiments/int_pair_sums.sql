-- Sums of a metric over the same persons of a variant in two windows, by the day on which the later one has passed for them: those moments in
-- which the earlier window has a part, in the place of x and z. (Those of the later one alone are in int_metric_sums.) Kept from run to run.
{{ kept_sums() }}
{% set keys = ['metric_key', 'variant_key', 'window_no', 'earlier_no', 'day'] -%}

with added as (

    {% for relation, condition, sign in rows_to_add_up() -%}
    {{ sums_of_moments(paired_figures(relation, condition), keys, paired_moments(), sign, is_dear=true) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

{{ new_state(keys, paired_moments()) }}
