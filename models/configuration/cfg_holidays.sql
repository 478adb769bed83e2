{{ configuration('holidays') }}
