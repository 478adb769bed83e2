{{ configuration('experiment_variants') }}
