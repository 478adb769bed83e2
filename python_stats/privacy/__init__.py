"""Persons kept apart from what is known of them: pseudonyms, erasure, small cells.

`keys` (keyed hashes) | `duckdb_plugin` (hands the keys to dbt's connections) | `small_cells` (what is withheld when publishing) | and
what `empathy-roi forget` is made of: `persons` (whom an id means), `forgotten` (the list), `store` with `duckdb_store` and
`postgres_store` (where rows are, and how their bytes go), `traces` (logs and files on this machine), `receipt`.
"""
