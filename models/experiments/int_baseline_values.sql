-- Each person's values after the pseudo-exposure, by the same rules as those of an experiment. Sparse.
{{ counted_values(ref('int_baseline_activity')) }}
