{{ checked_table('events') }}
