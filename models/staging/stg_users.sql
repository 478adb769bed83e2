{{ staged_rows('users') }}
