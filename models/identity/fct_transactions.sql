-- Accepted movements of money and of subscriptions, by person.
{{ mart_by('person') }}
select
    transactions.transaction_id,
    persons.person_id,
    transactions.transaction_type,
    transactions.currency,
    transactions.amount,
    coalesce(transactions.currency, {{ literal(var('reporting_currency', 'EUR')) }}) = {{ literal(var('reporting_currency', 'EUR')) }} as is_reporting_currency,
    transactions.occurred_at,
    transactions.received_at
from {{ ref('stg_transactions') }} as transactions
inner join {{ ref('int_person_keys') }} as keys
    on {{ identity_of('transactions') }} = keys.identity
inner join {{ ref('int_persons') }} as persons
    on keys.person_key = persons.person_key
where {{ is_touched('keys.person_key') }}
