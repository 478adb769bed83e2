"""Faults on purpose: `python -m faults` (with tests/ on the path) breaks runs in every way that is promised for, and writes docs/faults.md.

`world` (a small business, its runs, what they left) | `reader` (somebody who looks all the time) | a module a fault | `results`
(what was found, kept under build/faults; the table in the docs).
"""
