{{ checked_table('message_events') }}
