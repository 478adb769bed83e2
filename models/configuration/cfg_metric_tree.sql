{{ configuration('metric_tree') }}
