{{ staged_rows('message_events') }}
