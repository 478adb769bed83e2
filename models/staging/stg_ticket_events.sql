{{ staged_rows('ticket_events') }}
