{{ config(materialized='view') }}
{{ staged_rows('survey_responses') }}
