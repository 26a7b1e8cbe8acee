"""A process's relays: one for the whole outbox, or one for each part of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from shared.cluster import Cluster
from shared.health import Health
from shared.messaging.sending.lease import Lease
from shared.messaging.sending.producers import ProducerFactory, SharingFactory, relay_producer
from shared.messaging.sending.relay import Relay
from shared.mongo import Database


def overlapping(part: int, parts: int, others: int) -> list[int]:
    """Of a division into `others`, the parts that share slots with one of a division into `parts`."""
    fewer = min(parts, others)
    return [other for other in range(others) if other % fewer == part % fewer]


@dataclass(frozen=True, slots=True)
class Relays:
    """Relays that are started, woken and stopped together; each competes for its own part's lease."""

    each: Sequence[Relay]

    @classmethod
    def of(
        cls,
        database: Database,
        kafka: Cluster,
        name: str,
        shards: int,
        rows: int,
        poll: timedelta,
        health: Health,
    ) -> "Relays":
        """A relay for each of `shards` parts; `name` begins their transactional ids."""

        def factory(part: int, parts: int = shards) -> ProducerFactory:
            transactional_id = name if parts == 1 else f"{name}-{part}-of-{parts}"
            return lambda: relay_producer(kafka, transactional_id)

        def sharing(part: int) -> SharingFactory:
            return lambda parts: [factory(other, parts) for other in overlapping(part, shards, parts)]

        return cls(
            [
                Relay(
                    database,
                    Lease(database, "relay", part, shards),
                    factory(part),
                    sharing(part),
                    health,
                    rows,
                    poll,
                    kafka.servers,
                )
                for part in range(shards)
            ]
        )

    @property
    def producers(self) -> list[ProducerFactory]:
        """What makes each relay's producer, and fences whoever had one before."""
        return [relay.make_producer for relay in self.each]

    @property
    def leads(self) -> bool:
        """Whether this process relays any part now."""
        return any(relay.lease.held for relay in self.each)

    def starting(self, health: Health) -> None:
        """Announces each to health."""
        for relay in self.each:
            health.starting(relay.name)

    def wake(self) -> None:
        """Says that there are rows: called after each commit."""
        for relay in self.each:
            relay.wake()

    def stop(self) -> None:
        """Lets all of them send what is there and return."""
        for relay in self.each:
            relay.stop()

    async def run(self) -> None:
        """Runs all of them until `stop`."""
        await asyncio.gather(*(relay.run() for relay in self.each))
