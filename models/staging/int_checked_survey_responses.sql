{{ checked_table('survey_responses') }}
