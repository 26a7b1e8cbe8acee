"""aiokafka's clients, made to find their brokers again, to lose no topics of a pattern, to say what they
doubt, and to stop without harm.

A client of aiokafka's asks its bootstrap servers once, and from then on the brokers that these named. Where
all of those have moved, as on new machines behind the same name, it would ask the old addresses for ever.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

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


def keep_pattern(client: AIOKafkaClient) -> None:
    """Has a client that asks about all topics, as it does for a pattern, go on doing so.

    aiokafka's keeps a list of topics that is empty then, and adds to it what it is asked about and does not
    know, such as a topic that was deleted while it was assigned. From then on it would ask about that topic
    alone, and all others would be gone for it, without a word.
    """
    add_topic = client.add_topic

    def add(topic: str) -> Any:
        return add_topic(topic) if client._topics else client.force_metadata_update()  # noqa: SLF001

    client.add_topic = add


def tell_doubts(client: AIOKafkaClient, tell: Callable[[], None]) -> None:
    """Calls `tell` whenever the client asks for metadata anew: a connection broke, a leader moved or a topic
    went. It then reads on at the same offset: of what may be another log by now.
    """
    force_metadata_update = client.force_metadata_update

    def doubt() -> Any:
        tell()
        return force_metadata_update()

    client.force_metadata_update = doubt


async def stop_whole(stopping: Awaitable[None], client: AIOKafkaClient) -> None:
    """Stops a consumer, of which these are `stop` and the client.

    Where a fetch waits to be tried again, aiokafka cancels that and lets whoever stops it seem cancelled as
    well, half-way: a task that goes on after an outage would end for ever, without a word.
    """
    (failure,) = await asyncio.gather(stopping, return_exceptions=True)
    await client.close()
    if isinstance(failure, Exception):
        raise failure
