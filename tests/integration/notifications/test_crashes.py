"""Crashes between the sending of a mail and its mark: it goes out twice at most."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from services.notifications.domain.messages import Message
from services.notifications.store import Messages
from shared.messaging import due
from tests.integration.notifications.people import (
    AMINA,
    message_id,
)
from tests.integration.notifications.world import World, subjects


async def test_a_corrected_card_does_not_hurry_a_mail_that_may_have_gone_out(world: World) -> None:
    pair, receiving, giving = subjects()
    world.sink.cuts = 1
    await world.start(retry_first=timedelta(hours=1), retry_ceiling=timedelta(hours=1))
    await world.card(receiving, 1, AMINA)
    await world.pair(pair, 1, receiving, giving)
    await world.tried(1)
    before = await world.documents("due")
    await world.card(receiving, 2, {**AMINA, "email": "new@mail.example"})
    await world.handled()
    assert await world.documents("due") == before
    assert len(world.sink.mails) == 1


async def test_a_mail_whose_answer_was_lost_repeats_once(world: World) -> None:
    pair, receiving, giving = subjects()
    world.sink.cuts = 1
    await world.start()
    await world.card(receiving, 1, AMINA)
    await world.pair(pair, 1, receiving, giving)
    await world.events_until(1)
    first, second = world.sink.to("zahrabanu@mail.example")
    assert first["Message-ID"] == second["Message-ID"] == message_id(pair, receiving)
    (event,) = await world.events()
    assert event.type == "no.kobling.NotificationSent.v1"


async def test_a_mail_never_goes_out_a_third_time(world: World) -> None:
    pair, receiving, giving = subjects()
    world.sink.cuts = 10
    await world.start()
    await world.card(receiving, 1, AMINA)
    await world.pair(pair, 1, receiving, giving)
    (event,) = await world.events_until(1)
    assert event.data["code"] == "delivery_unconfirmed"
    assert world.sink.recipients == {"zahrabanu@mail.example": 2}


@pytest.mark.parametrize(
    ("crashes", "mails", "event_name"), [(1, 2, "NotificationSent"), (2, 2, "NotificationFailed")]
)
async def test_crashes_between_send_and_mark_repeat_the_mail_once(
    world: World, monkeypatch: pytest.MonkeyPatch, crashes: int, mails: int, event_name: str
) -> None:
    pair, receiving, giving = subjects()
    monkeypatch.setitem(due.CLAIMED_UNTIL["$dateAdd"], "amount", 2)
    end = Messages.end
    await world.card(receiving, 1, AMINA)
    await world.pair(pair, 1, receiving, giving)
    for _ in range(crashes):
        reached = asyncio.Event()

        async def never(
            messages: Messages, message: Message, *_: Any, reached: asyncio.Event = reached
        ) -> bool:
            if message.recipient == receiving:
                reached.set()
            return await asyncio.Future()

        monkeypatch.setattr(Messages, "end", never)
        await world.start(drain=timedelta(milliseconds=100))
        await asyncio.wait_for(reached.wait(), 30)
        await world.stop()
    monkeypatch.setattr(Messages, "end", end)
    await world.start()
    (event,) = await world.events_until(1)
    assert event.type == f"no.kobling.{event_name}.v1"
    assert world.sink.recipients == {"zahrabanu@mail.example": mails}
    assert {mail["Message-ID"] for mail in world.sink.mails} == {message_id(pair, receiving)}


async def test_a_database_that_is_down_after_the_send_is_waited_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair, receiving, giving = subjects()
    end = Messages.end
    failures = 3

    async def flaky(*arguments: Any) -> bool:
        nonlocal failures
        if failures:
            failures -= 1
            raise AutoReconnect
        return await end(*arguments)

    monkeypatch.setattr(Messages, "end", flaky)
    await world.start()
    await world.card(receiving, 1, AMINA)
    await world.pair(pair, 1, receiving, giving)
    await world.events_until(1)
    assert failures == 0
    assert world.sink.recipients == {"zahrabanu@mail.example": 1}


async def test_a_card_corrected_while_its_mail_leaves_does_not_repeat_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair, receiving, giving = subjects()
    end = Messages.end
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def held(*arguments: Any) -> bool:
        reached.set()
        await go_on.wait()
        return await end(*arguments)

    monkeypatch.setattr(Messages, "end", held)
    await world.start()
    await world.card(receiving, 1, AMINA)
    await world.pair(pair, 1, receiving, giving)
    await asyncio.wait_for(reached.wait(), 30)
    await world.card(receiving, 2, {**AMINA, "email": "new@mail.example"})
    await world.handled()
    await world.pair(pair, 2, receiving, giving, status="ended", name="PairEnded")
    await world.handled()
    go_on.set()
    (event,) = await world.events_until(1)
    assert event.type == "no.kobling.NotificationSent.v1"
    await world.ended()
    assert world.sink.recipients == {"zahrabanu@mail.example": 1}
