-- Of no raw table that has 20 rows or more, more than half are rejected: then it is the export that is wrong, such as moments in milliseconds.
-- Warns, with the reason that most of them have.
{{ config(severity='warn') }}
{%- if execute and load_relation(ref('rejected_rows')) is none -%}
select 'nothing was built yet' as source_table where 1 = 0
{%- else -%}
{%- set refused %}
with reasons as (

    select
        source_table,
        reason,
        count(*) as reason_rows
    from {{ ref('rejected_rows') }}
    group by source_table, reason

),

ranked as (

    select
        source_table,
        reason,
        reason_rows,
        row_number() over (partition by source_table order by reason_rows desc, reason) as place
    from reasons

)

select
    audit.source_table,
    audit.rows_in,
    audit.rows_rejected,
    ranked.reason as most_frequent_reason,
    ranked.reason_rows as rows_with_it
from {{ ref('source_audit') }} as audit
inner join ranked on audit.source_table = ranked.source_table and ranked.place = 1
where audit.rows_in >= 20 and audit.rows_rejected * 2 > audit.rows_in
{%- endset -%}
{%- if execute and flags.WHICH in ('build', 'test') -%}
    {%- for row in run_query(refused ~ ' order by audit.source_table').rows -%}
        {%- do log(
            "raw table '" ~ row[0] ~ "': " ~ row[2] ~ ' of ' ~ row[1] ~ ' rows are rejected, ' ~ row[4] ~ ' of them for ' ~ row[3]
            ~ '; rejected_rows has them.', info=true
        ) -%}
    {%- endfor -%}
{%- endif -%}
{{ refused }}
{%- endif %}
