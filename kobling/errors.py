"""What the command line raises of its own."""


class AdministrationError(RuntimeError):
    """It can't be done; the message says why: where the broker refused, with the topic and Kafka's code."""
