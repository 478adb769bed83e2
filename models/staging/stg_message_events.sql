{{ config(materialized='view') }}
{{ staged_rows('message_events') }}
