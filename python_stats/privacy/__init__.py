"""Persons kept apart from what is known of them: pseudonyms, erasure, small cells.

`keys` (keyed hashes) | `duckdb_plugin` (hands the keys to dbt's connections) | `forgotten` (the list of the forgotten) | `erasure`
(what `empathy-roi forget` does) | `small_cells` (what is withheld when publishing).
"""
