"""The raw tables and the column that names a row of each; held against the contract by test_loading."""

RAW_KEYS = {
    "events": "event_id",
    "message_events": "event_id",
    "ticket_events": "event_id",
    "survey_responses": "response_id",
    "transactions": "transaction_id",
    "experiment_assignments": "assignment_id",
    "consents": "consent_id",
    "users": "user_id",
}
