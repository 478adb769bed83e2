{{ config(materialized='view') }}
{{ staged_rows('consents') }}
