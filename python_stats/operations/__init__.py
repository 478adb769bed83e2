"""Running it every night: one run at a time, checked before anyone sees it, published all at once.

`lock` (one run at a time) | `publication` (versions and the one pointer readers follow) | `history` (what ran) | `nightly` (the
order of it all).
"""
