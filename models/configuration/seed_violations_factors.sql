-- Rules of factorial designs: every variant says the level of every factor, as `copy=new;timing=old`.
{%- set most_factors = 6 %}
with experiments as (

    {{ typed_seed('experiments') }}

),

experiment_variants as (

    {{ typed_seed('experiment_variants') }}

),

cells as (

    select
        experiment_variants.experiment_id,
        experiment_variants.variant_id,
        experiment_variants.factor_levels
    from experiment_variants
    inner join experiments on experiment_variants.experiment_id = experiments.experiment_id
    where experiments.design = 'factorial'

),

parts as (

    {% for number in range(1, most_factors + 1) -%}
    select
        experiment_id,
        variant_id,
        nullif({{ dbt.split_part('factor_levels', "';'", number) }}, '') as part
    from cells
    {{- '\n    union all\n    ' if not loop.last }}
    {%- endfor %}

),

factors as (

    select
        experiment_id,
        variant_id,
        part,
        nullif({{ dbt.split_part('part', "'='", 1) }}, '') as factor,
        nullif({{ dbt.split_part('part', "'='", 2) }}, '') as factor_level
    from parts
    where part is not null

),

cell_counts as (

    select
        experiment_id,
        count(*) as cells
    from cells
    group by experiment_id

),

factor_counts as (

    select
        experiment_id,
        factor,
        count(distinct variant_id) as cells,
        count(*) as mentions
    from factors
    group by
        experiment_id,
        factor

),

violations as (

    select
    {{ violation('experiment_variants', row_key('experiment_variants'), 'factor_levels', 'factorial_has_levels', "'a variant of a factorial design needs factor_levels; write them as copy=new;timing=old.'") }}
    from cells
    where factor_levels is null
    union all
    select
    {{ violation('experiment_variants', row_key('experiment_variants'), 'factor_levels', 'factor_has_level', "'factor_levels has the part \"' || part || '\"; write it as factor=level.'") }}
    from factors
    where factor is null or factor_level is null
    union all
    select
    {{ violation('experiment_variants', row_key('experiments', 'factor_counts'), 'factor_levels', 'same_factors', "'not every variant says the level of \"' || factor_counts.factor || '\" once; name the same factors in every variant.'") }}
    from factor_counts
    inner join cell_counts on factor_counts.experiment_id = cell_counts.experiment_id
    where factor_counts.cells <> cell_counts.cells or factor_counts.mentions <> cell_counts.cells

)

select
    file,
    row_key,
    column_name,
    rule,
    message
from violations
