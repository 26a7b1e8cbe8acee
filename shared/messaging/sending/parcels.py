"""The outbox's rows as batches for the broker, one a partition: one by one they cost several times more."""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder

from shared.messaging.sending.outbox import Place, Row
from shared.messaging.sending.partitioner import partition_of


@dataclass(slots=True)
class Parcel:
    """A batch for one partition and the rows in it, in their order."""

    topic: str
    partition: int
    batch: BatchBuilder
    rows: list[Row] = field(default_factory=list)

    def take(self, row: Row, timestamp: int) -> bool:
        """Adds a row, unless the batch is full; the first row is always taken."""
        taken = self.batch.append(
            timestamp=timestamp, key=row.key, value=row.value, headers=list(row.headers)
        )
        if taken is None:
            return False
        self.rows.append(row)
        return True


async def pack(rows: Sequence[Row], producer: AIOKafkaProducer, alone: Collection[Place]) -> list[Parcel]:
    """Rows as batches, each partition's in their order; a place in `alone` gets batches of its own."""
    partitions = {topic: await producer.partitions_for(topic) for topic in {row.topic for row in rows}}
    timestamp = int(time.time() * 1000)
    open_: dict[tuple[str, int], Parcel] = {}
    packed: list[Parcel] = []
    for row in rows:
        place = row.topic, partition_of(row.key, partitions[row.topic], timestamp)
        single = row.place in alone
        parcel = None if single else open_.get(place)
        if parcel is None or not parcel.take(row, timestamp):
            parcel = Parcel(*place, producer.create_batch())
            parcel.take(row, timestamp)
            packed.append(parcel)
            open_[place] = parcel
        if single:
            open_.pop(place, None)
    return packed
