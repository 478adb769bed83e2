{{ touched_subjects('ticket') }}
