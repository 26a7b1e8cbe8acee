"""Delivery: every record has exactly one effect, whatever stops, repeats or overlaps.

Rooms and single modules, each importing only those above it:

bootstrap  aiokafka's clients, made to find brokers again that have moved; `counting` is what a process counts
           and times of its own work
tracing    spans of what is handled, for whoever collects them
reading    from a broker's bytes to a validated record, or to the reason why not
places     where in each partition the service stands, held against its group's offsets and the log
sending    the outbox and the relay that empties it, one replica at a time
at_rest    what keeps stored records unreadable; `state_hash` is what a replay must leave unchanged;
           `refused` tells logs and metrics of refused records
work       what one transaction does besides the service's own writes
tables     the topics that each replica reads whole
looked     what the database is asked for metrics
due        what happens at its time; `subscription` is what a service plugs in for a topic
migrations what former releases stored otherwise, changed while their replicas and new ones both work
rebuild    a lost database read anew from topics; `metrics` are what is told of all this
restored   what was published after the dump from which a database was restored
batches    one transaction a batch: inbox, effects, outbox, positions; dead letters; the consumer
ticks      each writer's daily sign on its own topics; `due_runner` runs due rows; `topic_settings` looks at
           settings of topics that exist
commands   operators' commands: who may, what came of it, one final reply each; the desk of dead letters
wiring     all of it put together for one service, with nothing opened
runtime    a wiring run: broker, relays, due rows; `serving` is the process around it, with HTTP
"""
