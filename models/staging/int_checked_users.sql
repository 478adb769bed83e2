{{ checked_table('users') }}
