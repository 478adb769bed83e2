{{ checked_table('transactions') }}
