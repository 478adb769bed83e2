{#
  The bucket of a duration (microseconds): of a minute up to an hour, of an hour up to 30 days, of a day beyond; or of other widths in seconds.
  Start, in seconds.
#}
{% macro bucket_start_s(duration_us, widths=[60, 3600, 86400]) -%}
{%- set seconds = 'cast(floor(' ~ duration_us ~ ' / 1000000.0) as bigint)' -%}
(case
    when {{ duration_us }} < 3600000000 then {{ seconds }} - {{ seconds }} % {{ widths[0] }}
    when {{ duration_us }} < 2592000000000 then {{ seconds }} - {{ seconds }} % {{ widths[1] }}
    else {{ seconds }} - {{ seconds }} % {{ widths[2] }}
end)
{%- endmacro %}

{% macro bucket_end_s(bucket_start_s, widths=[60, 3600, 86400]) -%}
({{ bucket_start_s }} + case when {{ bucket_start_s }} < 3600 then {{ widths[0] }} when {{ bucket_start_s }} < 2592000 then {{ widths[1] }} else {{ widths[2] }} end)
{%- endmacro %}

{# Finer ones, for a time that is read off its curve where no table shows the buckets: of a second, of a minute, of an hour. #}
{% macro fine_widths() -%}{{ return([1, 60, 3600]) }}{%- endmacro %}

{#
  Kaplan–Meier curves, one for each of `keys`, of a relation with `bucket_start_s`, `cases` last seen in the bucket and `events` among them: the
  share that is still waiting at the bucket's start and at its end. The logarithms of the steps are summed as whole quadrillionths, so that a
  curve depends on no order of rows.
#}
{% macro waiting_curves(relation, keys) -%}
{%- set step = 'ln(1 - ' ~ rate('events', 'at_risk') ~ ') * 1e15' -%}
{%- set curve = 'partition by ' ~ keys | join(', ') ~ ' order by bucket_start_s' -%}
    select
        {{ keys | join(', ') }},
        bucket_start_s,
        cases,
        events,
        exp(cast(log_after - log_step as {{ type_double() }}) / 1e15) as share_before,
        case when events < at_risk then exp(cast(log_after as {{ type_double() }}) / 1e15) else 0 end as share_after
    from (
        select
            *,
            sum(log_step) over ({{ curve }} rows between unbounded preceding and current row) as log_after
        from (
            select
                *,
                case when events < at_risk then cast({{ rounded(step) }} as bigint) else 0 end as log_step
            from (
                select
                    *,
                    sum(cases) over ({{ curve }} desc rows between unbounded preceding and current row) as at_risk
                from {{ relation }}
            ) as risked
        ) as steps
    ) as curves
{%- endmacro %}

{#
  By when a share of the cases had their event, over the buckets of a curve: where the curve passes what is left, on a straight line through the
  bucket; null where it never does. Experiments' quantiles are read off their life tables in the same way.
#}
{% macro waiting_quantile(share, end_s) -%}
{%- set left = 1 - share -%}
{%- set at_most = left ~ ' * (1 + 1e-12)' -%}
max(case
            when share_before > {{ at_most }} and share_after <= {{ at_most }}
                then bucket_start_s + ({{ end_s }} - bucket_start_s) * (share_before - {{ left }}) / (share_before - share_after)
        end)
{%- endmacro %}
