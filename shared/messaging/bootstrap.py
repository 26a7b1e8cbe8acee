"""aiokafka's clients, made to find their brokers again.

A client of aiokafka's asks its bootstrap servers once, and from then on the brokers that these named. Where
all of those have moved, as on new machines behind the same name, it would ask the old addresses for ever.
"""

from typing import TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.client import AIOKafkaClient
from aiokafka.cluster import ClusterMetadata

C = TypeVar("C", AIOKafkaConsumer, AIOKafkaProducer)


def finding_again(made: C) -> C:
    """The consumer or producer, whose client asks its bootstrap servers wherever no known broker answers.

    As Java's clients do since KIP-899. What the client knows of topics stays until one of them answers.
    """
    client: AIOKafkaClient = made.client if isinstance(made, AIOKafkaProducer) else made._client  # noqa: SLF001
    ask_known = client._metadata_update  # noqa: SLF001
    servers = ClusterMetadata(bootstrap_servers=client._bootstrap_servers)._bootstrap_brokers  # noqa: SLF001

    async def ask(metadata: ClusterMetadata, topics: set[str] | None) -> bool:
        if await ask_known(metadata, topics):
            return True
        cluster = client.cluster
        known, cluster._brokers = cluster._brokers, {}  # noqa: SLF001
        # Where it knows no broker, it asks these, by ids of their own.
        cluster._bootstrap_brokers = servers  # noqa: SLF001
        try:
            return bool(await ask_known(metadata, topics))
        finally:
            if not cluster._brokers:  # noqa: SLF001
                cluster._brokers = known  # noqa: SLF001

    client._metadata_update = ask  # noqa: SLF001
    return made
