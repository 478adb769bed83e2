{{ config(materialized='view') }}
{{ staged_rows('events') }}
