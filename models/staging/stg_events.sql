{{ staged_rows('events') }}
