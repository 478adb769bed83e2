{{ configuration('signal_events') }}
