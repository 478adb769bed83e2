{{ configuration('experiments') }}
