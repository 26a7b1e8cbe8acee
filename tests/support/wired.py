"""A wired service without a broker: batches as a consumer would hand them over, and due rows."""

from datetime import timedelta
from typing import Any

from shared.contracts.topics import Topic
from shared.health import Health
from shared.messaging.batches.batch import BatchProcessor
from shared.messaging.batches.transaction import BatchTransaction
from shared.messaging.metrics import Metrics
from shared.messaging.wiring import Wiring
from shared.retry import Backoff

NEXT_TO_NOTHING = Backoff(timedelta(), timedelta())


def processor_of(transaction: BatchTransaction, **options: Any) -> BatchProcessor:
    """What handles a transaction's batches; it waits next to nothing between tries and wakes nobody."""
    sizes = {"batch_records": 500, "batch_bytes": 8 * 1024 * 1024}
    return BatchProcessor(
        transaction,
        Health(),
        wake_relay=lambda: None,
        wake_due=lambda: None,
        **{**sizes, "backoff": NEXT_TO_NOTHING, **options},
    )


def processor(wiring: Wiring, topic: Topic, **options: Any) -> BatchProcessor:
    """What handles the batches of a topic that the service reads."""
    return processor_of(wiring.transaction(topic), **options)


async def run_due(wiring: Wiring) -> bool:
    """Runs what is due by the service's clock; whether anything was."""
    return await wiring.due_runner(lambda: None, timedelta(seconds=1), Metrics()).run_due()
