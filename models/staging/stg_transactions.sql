{{ config(materialized='view') }}
{{ staged_rows('transactions') }}
