"""A service as small as can be: counts each subject's records, and sends one record for each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pymongo import UpdateOne

from shared.clock import Clock
from shared.contracts import topics
from shared.contracts.intake.receipts import SETTLEMENT_RECEIPT, SettlementReceipt
from shared.contracts.topics import Topic
from shared.messaging import wiring
from shared.messaging.batches.batch import BatchProcessor
from shared.messaging.batches.dead_letters import DeadLetters
from shared.messaging.batches.transaction import BatchTransaction
from shared.messaging.metrics import Metrics
from shared.messaging.places.positions import Partition
from shared.messaging.reading.outcome import Applied, Outcome
from shared.messaging.reading.records import Handled, Raw, Readable
from shared.messaging.subscription import Subscription
from shared.messaging.work import Revision, Work
from shared.mongo import Database, Document
from tests.support.cluster import Corner
from tests.support.wired import processor_of
from tests.unit.messaging.records import raw

INDEXES = {**wiring.INDEXES, "ledger": []}


@dataclass
class Ledger:
    """Applies records in one bulk write; `before` may raise for a record, `reported` is what was answered."""

    database: Database
    before: Callable[[Readable], None] = lambda _: None
    reported: list[tuple[int, str]] = field(default_factory=list)

    async def apply(self, records: Sequence[Readable], work: Work) -> Sequence[Outcome]:
        for record in records:
            self.before(record)
        if records:
            writes = [
                UpdateOne({"_id": record.key}, {"$push": {"offsets": record.raw.offset}}, upsert=True)
                for record in records
            ]
            await self.database["ledger"].bulk_write(writes, session=work.session)
        return [Applied() for _ in records]

    async def report(self, handled: Sequence[Handled], work: Work) -> None:
        for item in handled:
            raw = item.record.raw
            self.reported.append((raw.offset, type(item.outcome).__name__))
            work.emit(
                SETTLEMENT_RECEIPT,
                subject="case",
                data=SettlementReceipt(outcome="accepted", partition=raw.partition, offset=raw.offset),
                cause=item.record.cause,
                owner="no-4601",
                revision=Revision(raw.offset + 1),
            )

    async def rows(self) -> dict[str, list[int]]:
        """The offsets that had an effect, by subject."""
        return {row["_id"]: row["offsets"] async for row in self.database["ledger"].find({})}

    async def count(self, collection: str) -> int:
        return await self.database[collection].count_documents({})

    async def positions(self) -> Document:
        """The one partition's counters."""
        (row,) = [row async for row in self.database["positions"].find({})]
        return {name: row[name] for name in ("applied", "duplicate", "stale", "dead", "next_offset")}


@dataclass
class Commits:
    """Keeps what would be committed."""

    offsets: dict[Partition, int] = field(default_factory=dict)

    async def __call__(self, offsets: Any) -> None:
        self.offsets.update(offsets)


def processor(
    corner: Corner, ledger: Ledger, topic: Topic = topics.SETTLEMENTS, **options: Any
) -> BatchProcessor:
    """A processor over the ledger that waits next to nothing between tries."""
    letters = DeadLetters(topics.DEAD_LETTERS["intake"], "intake", options.pop("cipher", None))
    prefix: str = options.pop("prefix", "")
    subscription = Subscription(topic, ledger.apply, ledger.report)
    transaction = BatchTransaction(subscription, ledger.database, "intake", prefix, Clock(), letters)
    return processor_of(transaction, metrics=Metrics(prefix), **options)


def raws(documents: Sequence[dict[str, Any] | bytes], start: int = 0) -> list[Raw]:
    """Consecutive records of one partition."""
    return [
        raw(
            document, key=document["subject"] if isinstance(document, dict) else "BER-X", offset=start + place
        )
        for place, document in enumerate(documents)
    ]
