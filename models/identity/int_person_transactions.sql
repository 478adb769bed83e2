-- Accepted transactions by person key.
{{ built_by('person') }}
select
    keys.person_key,
    transactions.transaction_id,
    transactions.transaction_type,
    coalesce(transactions.currency, {{ literal(var('reporting_currency', 'EUR')) }}) = {{ literal(var('reporting_currency', 'EUR')) }} as is_reporting_currency,
    transactions.amount,
    {{ epoch_us('transactions.occurred_at') }} as occurred_us
from {{ ref('stg_transactions') }} as transactions
inner join {{ ref('int_person_keys') }} as keys
    on {{ identity_of('transactions') }} = keys.identity
where {{ is_touched('keys.person_key') }}
