"""Clients of aiokafka's that are stopped while a fetch waits to be tried again, and that doubt."""

import asyncio
from typing import Any

import pytest
from aiokafka.consumer.fetcher import Fetcher

from shared.messaging.bootstrap import stop_whole, tell_doubts


class Client:
    """Counts how often it was closed, and asked for metadata."""

    def __init__(self) -> None:
        self.closed = self.asked = 0

    async def close(self) -> None:
        self.closed += 1

    def force_metadata_update(self) -> int:
        self.asked += 1
        return self.asked


async def stop(failure: Exception) -> None:
    raise failure


async def test_a_fetch_that_waits_does_not_cancel_who_stops_the_consumer() -> None:
    fetcher: Any = object.__new__(Fetcher)
    fetcher._closed, fetcher._fetch_waiters = False, set()
    fetcher._fetch_task = asyncio.ensure_future(asyncio.sleep(60))
    fetcher._pending_tasks = {asyncio.ensure_future(asyncio.sleep(60))}
    client: Any = Client()
    await asyncio.sleep(0)
    await stop_whole(fetcher.close(), client)
    assert client.closed == 1


async def test_who_is_cancelled_while_it_stops_is() -> None:
    client: Any = Client()
    stopping = asyncio.ensure_future(stop_whole(asyncio.sleep(60), client))
    await asyncio.sleep(0)
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping


async def test_other_failures_are_told_once_all_is_closed() -> None:
    client: Any = Client()
    with pytest.raises(OSError, match="away"):
        await stop_whole(stop(OSError("away")), client)
    assert client.closed == 1


async def test_a_doubt_is_told_each_time_and_metadata_asked_for() -> None:
    client: Any = Client()
    told: list[None] = []
    tell_doubts(client, lambda: told.append(None))
    assert [client.force_metadata_update(), client.force_metadata_update()] == [1, 2]
    assert len(told) == 2
