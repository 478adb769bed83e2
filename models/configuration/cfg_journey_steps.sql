{{ configuration('journey_steps') }}
