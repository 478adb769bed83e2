{{ configuration('experiment_metrics') }}
