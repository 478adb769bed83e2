{# int_exposures as the last run left it: built after this is asked. None where there is none. #}
{% macro exposures_before() -%}
{%- if execute -%}
{{ return(load_relation(api.Relation.create(database=target.database, schema=target.schema, identifier='int_exposures'))) }}
{%- endif -%}
{%- endmacro %}

{#
  The metrics whose sums are built anew: those of touched experiments, and those of which something becomes known on a day to come
  (clocks run ahead), if as_of has moved: it counts on the last day there is.
#}
{% macro touched_metrics() -%}
(
        select metrics.metric_key
        from {{ ref('int_experiment_metrics') }} as metrics
        where metrics.experiment_id in {{ touched('experiment') }}
        union
        select changes.metric_key
        from {{ ref('int_person_changes') }} as changes
        cross join {{ ref('as_of') }} as now
        where
            {{ as_of_has_moved() }}
            and changes.day > {{ local_day('least(' ~ last_build(model.name).as_of_us ~ ', now.as_of_us)', var('reporting_timezone', 'UTC')) }}
    )
{%- endmacro %}

{# An incremental model of sums by metric: those of touched metrics are replaced. #}
{% macro built_by_metric() -%}
{{ config(
    materialized='incremental', incremental_strategy='append', on_schema_change='fail',
    pre_hook="{{ begin_build('metric_key in ' ~ touched_metrics()) if execute and last_build(model.name) else begin_build() }}"
) }}
{{ is_built_after('int_touched_experiments') }}
{{ is_built_after('int_experiment_metrics') }}
{%- endmacro %}

{# A condition that leaves touched metrics in an increment, and everything otherwise. #}
{% macro is_touched_metric(column) -%}
{%- if builds_increment() -%}{{ increment_marker() }} {{ column }} in {{ touched_metrics() }}{%- else -%}1 = 1{%- endif -%}
{%- endmacro %}
