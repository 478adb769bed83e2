{{ staged_rows('transactions') }}
