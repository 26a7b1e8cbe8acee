"""What the local stack hands out, and the one error it raises."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from shared.cluster import Cluster
from shared.cluster_settings import ClusterSettings

Origin = Literal["environment", "processes", "containers"]


@dataclass(frozen=True)
class Addresses:
    """Where a ready Kafka and a ready MongoDB are, and the account that may do everything there.

    kafka: bootstrap servers, `host:port[,host:port…]`. mongodb: a connection URI of a replica set whose
    primary takes writes, with user and password where it asks for them. origin: who runs the two.
    account: Kafka's account, as `ClusterSettings` takes it; empty where anybody may come. certified: where
    Kafka takes a certificate instead; empty where it takes none.
    """

    kafka: str
    mongodb: str
    origin: Origin
    account: Mapping[str, str] = field(default_factory=dict)
    certified: str = ""

    @cached_property
    def cluster(self) -> Cluster:
        """Kafka, as its account reaches it."""
        return ClusterSettings.model_validate({"kafka": self.kafka, **self.account}).cluster


class StackError(RuntimeError):
    """No stack can be had; the message says what is missing and what to install or set."""
