-- Every rule that a seed breaks. Its test stops the build: all models that read a seed's values stand behind this one.
{% set parts = ['generic', 'journeys', 'experiments', 'factors', 'money', 'metric_tree'] -%}
with violations as (

    {% for part in parts -%}
    select file, row_key, column_name, rule, message from {{ ref('seed_violations_' ~ part) }}
    {{- '\n    union all\n    ' if not loop.last }}
    {%- endfor %}

)

select
    file,
    row_key,
    column_name,
    rule,
    message
from violations
