"""Quotas: who sends more than theirs is slowed down by the broker, and nobody else is."""

import asyncio

from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from shared.contracts.access import QUOTAS, Principal
from tests.security.guarded import Guarded
from tests.security.probes import probing

TOWN, SERVICE = Principal("municipality", "no-0301"), Principal("service", "intake")
RECORD = 1_000_000
"""Bytes: about as large as a topic takes."""
WINDOW = 11
"""Seconds: what a broker compares with a quota is a mean over at most so many of them (Kafka's own
`quota.window.num` and `quota.window.size.seconds`).
"""
SURELY_TOO_MANY = 2 * WINDOW * QUOTAS["municipality"].producer_byte_rate // RECORD


async def throttled(guarded: Guarded, principal: Principal, topic: str) -> bool:
    """Whether the broker tells somebody to wait before so many records have come in."""
    builder = DefaultRecordBatchBuilder(2, 0, False, -1, -1, -1, 2 * RECORD)
    builder.append(0, 0, b"key", bytes(RECORD), [])
    batch = bytes(builder.build())
    async with probing(guarded.as_(principal)) as probe:
        for _ in range(SURELY_TOO_MANY):
            answer = await probe.send(ProduceRequest(None, 1, 5000, [(topic, [(0, batch)])]))
            assert [partitions[0][1] for _, partitions in answer.topics] == [0]
            if answer.throttle_time_ms > 0:
                return True
    return False


async def test_a_municipality_that_floods_is_slowed_down_and_no_service_is(guarded: Guarded) -> None:
    flooding = asyncio.create_task(throttled(guarded, TOWN, "settlements.no-0301.v1"))
    assert not await throttled(guarded, SERVICE, "receipts.no-0301.v1")
    assert await flooding
