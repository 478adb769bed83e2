{{ config(materialized='view') }}
{{ staged_rows('experiment_assignments') }}
