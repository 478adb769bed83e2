{{ configuration('value_assumptions') }}
