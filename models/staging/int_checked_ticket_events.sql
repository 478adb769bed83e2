{{ checked_table('ticket_events') }}
