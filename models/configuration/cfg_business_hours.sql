{{ configuration('business_hours') }}
