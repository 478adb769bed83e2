-- Within each carried dimension the daily mart of steps adds up to the plain one.
{{ dimensions_add_up(
    ref('friction_step_daily'), ref('friction_step_daily_by_dimension'), ['day', 'journey_id', 'step_id'],
    ['entries', 'completions', 'abandonments', 'in_progress', 'errors', 'rage_clicks']
) }}
