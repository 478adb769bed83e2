{{ staged_rows('survey_responses') }}
