-- What a day changes in the sums of a metric over the persons of a variant, whether their window has passed or not: first, second and third
-- moments of whole numbers. Kept from run to run.
{{ kept_sums() }}
{% set keys = ['metric_key', 'variant_key', 'window_no', 'day'] -%}

-- what is there after a change, less what was there before it
with added as (

    {% for relation, condition, sign in rows_to_add_up() -%}
    {% set outer = loop -%}
    {% for is_after in [true, false] -%}
    {{ sums_of_moments(changed_figures(relation, condition, is_after), keys, all_moments(), sign if is_after else '' if sign else '-') }}
    {{ 'union all' if not (loop.last and outer.last) }}
    {% endfor %}
    {% endfor %}

)

{{ new_state(keys, all_moments()) }}
