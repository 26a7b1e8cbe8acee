"""Who took back their consent to be written to is not, whatever comes in which order."""

import threading
from datetime import timedelta

import pytest

from services.notifications.state_hash import STATE
from shared.contracts import topics
from shared.contracts.intake.cards import NoContactCard
from shared.messaging.state_hash import state_hash
from tests.integration.notifications.people import AMINA, KARI, both_cards, mails_arrived
from tests.integration.notifications.test_rebuild import lose
from tests.integration.notifications.world import World, subjects
from tests.support.cluster import wait_until


async def withdraw(world: World, subject: str, revision: int) -> None:
    """Publishes that somebody has no card any more."""
    data = NoContactCard(municipality="no-4601").model_dump(mode="json")
    await world.publish("ContactCardWithdrawn", subject, revision, data)


async def statuses(world: World, recipient: str) -> list[str]:
    return [one["status"] for one in await world.documents("messages") if one["recipient"] == recipient]


@pytest.mark.parametrize("pair_first", [True, False])
async def test_a_card_that_is_withdrawn_takes_back_what_was_pending(
    world: World, *, pair_first: bool
) -> None:
    pair, receiving, giving = subjects()
    await world.sink.stop()
    # Nothing is tried again by itself: the withdrawal alone takes the message back.
    await world.start(retry_first=timedelta(hours=1), retry_ceiling=timedelta(hours=1))
    await both_cards(world, receiving, giving)
    if pair_first:
        await world.pair(pair, 1, receiving, giving)
        await world.tried(1)
    await withdraw(world, receiving, 2)
    await world.handled()
    if not pair_first:
        await world.pair(pair, 1, receiving, giving)
    await world.sink.start()
    await world.card(giving, 2, KARI)
    await mails_arrived(world, 1)
    await world.ended()
    assert world.sink.recipients == {"torbjorg@post.example": 1}
    assert await statuses(world, receiving) == ["cancelled"]
    # Nobody is forgotten: a card may come again.
    assert [row["kind"] for row in await world.documents("due")] == []


async def test_a_card_that_is_withdrawn_comes_back_by_a_newer_one_and_by_no_older(world: World) -> None:
    pair, receiving, giving = subjects()
    await world.start()
    await both_cards(world, receiving, giving)
    await withdraw(world, receiving, 2)
    await world.publish_again(topics.CONTACT_CARDS)
    assert (await world.handled())["stale"] == 3
    card = await world.database["cards"].find_one({"_id": receiving})
    assert card == {"_id": receiving, "revision": 2, "sealed": None, "withdrawn": True}
    await world.card(receiving, 3, AMINA)
    await world.pair(pair, 1, receiving, giving)
    await mails_arrived(world, 2)
    await world.ended()
    # The erased are so for good, whether or not they had a card.
    await withdraw(world, receiving, 4)
    await world.erase(topics.CONTACT_CARDS, receiving)
    await world.handled()
    card = await world.database["cards"].find_one({"_id": receiving})
    assert card == {"_id": receiving, "revision": 4, "sealed": None}


async def test_a_lost_database_knows_whose_card_was_withdrawn(world: World) -> None:
    pair, receiving, giving = subjects()
    await world.start()
    await both_cards(world, receiving, giving)
    await withdraw(world, receiving, 2)
    await world.pair(pair, 1, receiving, giving)
    await mails_arrived(world, 1)
    await world.ended()
    before = await state_hash(world.database, STATE)
    await lose(world)
    await world.start()
    await world.ended()
    assert await state_hash(world.database, STATE) == before
    assert world.sink.recipients == {"torbjorg@post.example": 1}


@pytest.mark.parametrize("how", ["withdrawn", "corrected", "withdrawn before the message was seen"])
async def test_a_letter_in_mid_send_does_not_leave_by_a_card_that_holds_no_more(
    world: World, how: str
) -> None:
    pair, receiving, giving = subjects()
    world.sink.gate = threading.Event()
    await world.start()
    await both_cards(world, receiving, giving)
    await world.pair(pair, 1, receiving, giving)

    async def asked() -> bool:
        return world.sink.asked == 2

    await wait_until(asked, "the server is asked")
    if how == "corrected":
        await world.card(giving, 2, {**KARI, "email": "torbjorg@new.example"})
    elif how == "withdrawn":
        await withdraw(world, giving, 2)
    else:
        # As a transaction leaves it that ran beside the one that planned the message.
        gone = {"revision": 2, "sealed": None, "withdrawn": True}
        await world.database["cards"].update_one({"_id": giving}, {"$set": gone})
    await world.handled()
    world.sink.gate.set()
    await world.ended()
    there = {"zahrabanu@mail.example": 1}
    assert world.sink.recipients == (there | {"torbjorg@new.example": 1} if how == "corrected" else there)
