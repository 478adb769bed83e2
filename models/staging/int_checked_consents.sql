{{ checked_table('consents') }}
