{{ configuration('support_costs') }}
