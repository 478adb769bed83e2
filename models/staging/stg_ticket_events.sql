{{ config(materialized='view') }}
{{ staged_rows('ticket_events') }}
