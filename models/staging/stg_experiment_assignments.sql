{{ staged_rows('experiment_assignments') }}
