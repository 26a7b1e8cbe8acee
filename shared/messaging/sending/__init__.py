"""The outbox, and the relay that empties it: one replica at a time, fenced."""
