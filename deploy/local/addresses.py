"""What the local stack hands out, and the one error it raises."""

from dataclasses import dataclass
from typing import Literal

Origin = Literal["environment", "processes", "containers"]


@dataclass(frozen=True)
class Addresses:
    """Where a ready Kafka and a ready MongoDB are.

    kafka: bootstrap servers, `host:port[,host:port…]`, without authentication.
    mongodb: a connection URI of a replica set whose primary takes writes.
    origin: who runs the two.
    """

    kafka: str
    mongodb: str
    origin: Origin


class StackError(RuntimeError):
    """No stack can be had; the message says what is missing and what to install or set."""
