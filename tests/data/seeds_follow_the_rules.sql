-- No seed breaks a rule. Prints one line per broken rule, so that the build's own output says what to correct.
{% if execute and flags.WHICH in ('build', 'test') -%}
    {%- set broken = run_query('select message from ' ~ ref('seed_violations') ~ ' order by file, row_key, column_name, rule, message') -%}
    {%- for row in broken.rows[:200] -%}
        {%- do log(row[0], info=true) -%}
    {%- endfor -%}
    {%- if broken.rows | length > 200 -%}
        {%- do log('… and ' ~ (broken.rows | length - 200) ~ ' more: see seed_violations.', info=true) -%}
    {%- endif -%}
{%- endif -%}

select
    file,
    row_key,
    column_name,
    rule,
    message
from {{ ref('seed_violations') }}
