"""One transaction a batch: inbox, effects, outbox and positions; what is refused; the consumer."""
