{{ touched_subjects('message') }}
