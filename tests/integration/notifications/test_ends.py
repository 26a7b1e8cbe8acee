"""Who is erased, or whose pair ends or is old, is not written to."""

import threading
from datetime import UTC, datetime, timedelta

from shared.contracts import topics
from tests.integration.notifications.people import AMINA, KARI, both_cards, mails_arrived, message_id
from tests.integration.notifications.world import World, subjects
from tests.support.cluster import wait_until


async def test_the_erased_get_nothing_and_leave_nothing(world: World) -> None:
    pair, receiving, giving = subjects()
    await world.sink.stop()
    # Nothing is tried again by itself: the erasure alone takes the message back.
    await world.start(retry_first=timedelta(hours=1), retry_ceiling=timedelta(hours=1))
    await both_cards(world, receiving, giving)
    await world.pair(pair, 1, receiving, giving)
    await world.tried(1)
    await world.erase(topics.CONTACT_CARDS, receiving)
    await world.handled()
    due_rows = {(row["subject"], row["kind"]) for row in await world.documents("due")}
    assert due_rows == {(giving, "send_message"), (receiving, "forget")}
    await world.sink.start()
    await world.card(giving, 2, KARI)
    await world.ended()
    assert world.sink.recipients == {"torbjorg@post.example": 1}
    assert [event.data["side"] for event in await world.events_until(1)] == ["giving"]
    card = await world.database["cards"].find_one({"_id": receiving})
    assert card == {"_id": receiving, "revision": 1, "sealed": None}

    # Nor later: a new pair of theirs, and their old records once more.
    another, _, other_giving = subjects()
    await world.card(other_giving, 1, KARI)
    await world.pair(another, 1, receiving, other_giving)
    await world.ended()
    await world.publish_again(topics.CONTACT_CARDS)
    await world.ended()
    assert "zahrabanu@mail.example" not in world.sink.recipients
    kept = await world.documents("messages")
    assert {message["status"] for message in kept if message["recipient"] == receiving} == {"cancelled"}

    await world.stop()
    await world.start(clock_offset=timedelta(days=91))

    async def forgotten() -> bool:
        return not [
            document
            for name in ("cards", "messages", "due")
            for document in await world.documents(name)
            if receiving in str(document)
        ]

    await wait_until(forgotten, "the retention has passed")


async def test_a_pair_that_ends_takes_unsent_messages_with_it(world: World) -> None:
    pair, receiving, giving = subjects()
    await world.sink.stop()
    await world.start()
    await both_cards(world, receiving, giving)
    await world.pair(pair, 1, receiving, giving)

    async def waiting() -> bool:
        return len(await world.documents("due")) == 2

    await wait_until(waiting, "both messages are due")
    await world.pair(pair, 2, receiving, giving, status="ended", name="PairEnded")
    await world.ended()
    await world.sink.start()
    other, other_receiving, other_giving = subjects()
    await both_cards(world, other_receiving, other_giving)
    await world.pair(other, 1, other_receiving, other_giving)
    await mails_arrived(world, 2)
    await world.ended()
    ids = {mail["Message-ID"] for mail in world.sink.mails}
    assert ids == {message_id(other, other_receiving), message_id(other, other_giving)}


async def test_a_pair_that_ends_while_the_server_considers_the_recipient_sends_nothing(world: World) -> None:
    pair, receiving, giving = subjects()
    world.sink.gate = threading.Event()
    await world.start()
    await world.card(receiving, 1, AMINA)
    await world.pair(pair, 1, receiving, giving)

    async def asked() -> bool:
        return world.sink.asked == 1

    await wait_until(asked, "the server is asked")
    await world.pair(pair, 2, receiving, giving, status="ended", name="PairEnded")
    await world.handled()
    world.sink.gate.set()
    await world.ended()
    other, other_receiving, other_giving = subjects()
    await both_cards(world, other_receiving, other_giving)
    await world.pair(other, 1, other_receiving, other_giving)
    await mails_arrived(world, 2)
    await world.ended()
    assert message_id(pair, receiving) not in {mail["Message-ID"] for mail in world.sink.mails}


async def test_an_old_pair_is_not_written_to(world: World) -> None:
    pair, receiving, giving = subjects()
    await world.start()
    await both_cards(world, receiving, giving)
    long_ago = datetime.now(UTC).date() - timedelta(days=100)
    await world.pair(pair, 7, receiving, giving, created_on=long_ago)
    await world.ended()
    assert await world.documents("messages") == []
