-- Which tickets changed in which run: those that touched persons have a part in, and those about which something landed.
{{ touched_subjects('ticket') }}
