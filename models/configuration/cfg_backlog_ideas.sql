{{ configuration('backlog_ideas') }}
