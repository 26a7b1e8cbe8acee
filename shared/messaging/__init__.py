"""Delivery: every record has exactly one effect, whatever stops, repeats or overlaps.

Rooms, each importing only those above it; `work`, `due` and the other modules of this folder are what the
rooms and the services meet in.

reading    from a broker's bytes to a validated record, or to the reason why not
places     where in each partition the service stands, held against its group's offsets and the log
sending    the outbox and the relay that empties it, one replica at a time
work       what one transaction does besides the service's own writes
due        what happens at its time; `ticks` is each writer's daily one
batches    one transaction a batch: inbox, effects, outbox, positions; dead letters; the consumer
rebuild    a lost database read anew from topics; `tables` are the topics that each replica reads whole
commands   operators' commands: who may, what came of it, one final reply each; the desk of dead letters
wiring     all of it put together for one service, nothing opened
runtime    a wiring run: broker, relays, due rows; `serving` is the process around it, with HTTP
"""
