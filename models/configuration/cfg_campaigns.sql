{{ configuration('campaigns') }}
