-- Each person's values for each metric that is counted, and window. Sparse: whoever has nothing before or after the exposure has no row, and
-- counts as 0 further down.
{{ counted_values(ref('int_experiment_activity')) }}
