{#
  The raw contract as data: per table its columns in the contract's order (the first is the key), and the column that says
  when the thing happened. Kinds: text, time, number, boolean. Everything that staging does is derived from this.

  Besides: every table but `users` has user_id and/or anonymous_id (a row needs one of them; staged_extras in checked_rows.sql), `users` the
  columns named in `user_segments`; any may have loaded_at (landing.sql). What a column means: models/staging/_staging.yml.
#}
{% macro raw_contract() -%}
{%- set message_types = ['sent', 'delivered', 'bounced', 'opened', 'clicked', 'replied', 'unsubscribed', 'complained'] -%}
{%- set ticket_types = [
    'opened', 'customer_message', 'bot_message', 'agent_message', 'handover_offered', 'handover_requested', 'handed_over',
    'resolved', 'reopened', 'closed',
] -%}
{%- set survey_types = ['csat', 'nps', 'ces', 'confidence', 'relevance', 'exit_reason'] -%}
{%- set transaction_types = ['purchase', 'refund', 'subscription_start', 'subscription_renewal', 'subscription_cancel'] -%}
{%- set occurred_at = {'name': 'occurred_at', 'kind': 'time', 'required': true} -%}
{%- set received_at = {'name': 'received_at', 'kind': 'time', 'required': true} -%}
{{ return({
    'events': {'moment': 'occurred_at', 'columns': [
        {'name': 'event_id', 'required': true},
        {'name': 'event_name', 'required': true},
        occurred_at,
        received_at,
        {'name': 'page_path'},
        {'name': 'element_id'},
        {'name': 'properties', 'may_be_nested': true},
    ]},
    'message_events': {'moment': 'occurred_at', 'columns': [
        {'name': 'event_id', 'required': true},
        {'name': 'message_id', 'required': true},
        {'name': 'event_type', 'required': true, 'allowed': message_types},
        {'name': 'campaign_id', 'required': true},
        {'name': 'channel', 'required': true},
        occurred_at,
        received_at,
        {'name': 'is_machine', 'kind': 'boolean'},
    ]},
    'ticket_events': {'moment': 'occurred_at', 'columns': [
        {'name': 'event_id', 'required': true},
        {'name': 'ticket_id', 'required': true},
        {'name': 'event_type', 'required': true, 'allowed': ticket_types},
        {'name': 'channel'},
        {'name': 'agent_id'},
        occurred_at,
        received_at,
    ]},
    'survey_responses': {'moment': 'occurred_at', 'columns': [
        {'name': 'response_id', 'required': true},
        {'name': 'survey_type', 'required': true, 'allowed': survey_types},
        {'name': 'score', 'kind': 'number', 'required_unless': "survey_type = 'exit_reason'", 'invalid_if': "
            (survey_type in ('csat', 'confidence', 'relevance') and score not between 1 and 5)
            or (survey_type = 'nps' and score not between 0 and 10)
            or (survey_type = 'ces' and score not between 1 and 7)", 'ignored_if': "survey_type = 'exit_reason'"},
        {'name': 'answer'},
        {'name': 'subject_type', 'allowed': ['ticket', 'journey', 'message']},
        {'name': 'subject_id'},
        occurred_at,
        received_at,
    ]},
    'transactions': {'moment': 'occurred_at', 'columns': [
        {'name': 'transaction_id', 'required': true},
        {'name': 'transaction_type', 'required': true, 'allowed': transaction_types},
        {'name': 'amount', 'kind': 'number', 'invalid_if': 'amount < 0 or amount >= 10000000000'},
        {'name': 'currency'},
        occurred_at,
        received_at,
    ]},
    'experiment_assignments': {'moment': 'assigned_at', 'columns': [
        {'name': 'assignment_id', 'required': true},
        {'name': 'experiment_id', 'required': true},
        {'name': 'variant_id', 'required': true},
        {'name': 'assigned_at', 'kind': 'time', 'required': true},
        received_at,
    ]},
    'consents': {'moment': 'occurred_at', 'columns': [
        {'name': 'consent_id', 'required': true},
        {'name': 'purpose', 'required': true, 'allowed': ['analytics', 'marketing', 'personalization']},
        {'name': 'is_granted', 'kind': 'boolean', 'required': true},
        occurred_at,
        received_at,
    ]},
    'users': {'moment': 'created_at', 'columns': [
        {'name': 'user_id', 'required': true},
        {'name': 'created_at', 'kind': 'time', 'required': true},
        {'name': 'updated_at', 'kind': 'time'},
    ]},
}) }}
{%- endmacro %}

{# The tables whose rows belong to a person by user_id and anonymous_id. #}
{% macro person_tables() -%}{{ return(raw_contract().keys() | reject('equalto', 'users') | list) }}{%- endmacro %}
