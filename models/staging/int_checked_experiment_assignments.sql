{{ checked_table('experiment_assignments') }}
