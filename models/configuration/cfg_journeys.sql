{{ configuration('journeys') }}
