"""Producers of relays: transactional, so that whoever starts one with the same id fences the others."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any

from aiokafka import AIOKafkaProducer

from shared.cluster import Cluster
from shared.messaging.bootstrap import finding_again

TRANSACTION_TIMEOUT = timedelta(seconds=10)

ProducerFactory = Callable[[], AIOKafkaProducer]
SharingFactory = Callable[[int], Sequence[ProducerFactory]]
"""Of another division, by its number of parts, the producers of those that share slots with a relay."""


def relay_producer(kafka: Cluster, transactional_id: str) -> AIOKafkaProducer:
    """A fenced producer: acknowledged by all, idempotent, its own transactions."""
    producer = AIOKafkaProducer(
        **kafka.options,
        transactional_id=transactional_id,
        transaction_timeout_ms=int(TRANSACTION_TIMEOUT.total_seconds() * 1000),
        acks="all",
        enable_idempotence=True,
        linger_ms=0,
        max_batch_size=256 * 1024,
        max_request_size=2 * 1024 * 1024,
    )
    return finding_again(producer)


async def in_time(step: Coroutine[Any, Any, None]) -> None:
    """Runs a step for at most a transaction's timeout.

    aiokafka never gives a batch of an idempotent producer up; an abort and a stop wait for it too, whether
    they are cancelled or not. So what hangs is left behind with its producer.
    """
    task = asyncio.ensure_future(step)
    done, _ = await asyncio.wait({task}, timeout=TRANSACTION_TIMEOUT.total_seconds())
    if not done:
        task.add_done_callback(lambda abandoned: abandoned.cancelled() or abandoned.exception())
        task.cancel()
        raise TimeoutError
    task.result()


async def close(producer: AIOKafkaProducer) -> None:
    """Closes a producer that may be fenced, cut off or in mid-transaction."""
    with contextlib.suppress(Exception):
        await in_time(producer.stop())
