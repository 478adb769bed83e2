-- The declared variants, numbered.
select
    experiment_id,
    variant_id,
    cast(row_number() over (order by {{ by_bytes('experiment_id') }}, {{ by_bytes('variant_id') }}) as integer) as variant_key
from {{ ref('cfg_experiment_variants') }}
