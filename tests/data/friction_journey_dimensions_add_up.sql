-- Within each carried dimension the daily mart of journeys adds up to the plain one.
{{ dimensions_add_up(
    ref('friction_journey_daily'), ref('friction_journey_daily_by_dimension'), ['day', 'journey_id'],
    ['attempts', 'completions', 'abandonments', 'in_progress', 'errors', 'silent_frictions']
) }}
