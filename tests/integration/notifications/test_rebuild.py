"""Notifications' database is lost: what was sent is not sent again, and what was not is."""

from datetime import UTC, datetime, timedelta

from services.notifications.state_hash import STATE
from shared.contracts import topics
from shared.messaging.state_hash import state_hash
from tests.integration.notifications.world import World, subjects
from tests.support.cluster import wait_until


def details(email: str) -> dict[str, str]:
    return {
        "given_name": "Test",
        "preferred_language": "en",
        "email": email,
    }


async def lose(world: World) -> None:
    """Stops the service, drops its database, and has its groups begin anew."""
    await world.stop()
    await world.database.drop()
    for topic in (topics.PAIRS, topics.CONTACT_CARDS):
        await world.read_from_the_beginning(topic)


async def created(world: World, name: str, **options: object) -> tuple[str, str, str]:
    """A pair both of whom can be reached, at `refugee-<name>@` and `guide-<name>@`; while the service runs
    they have heard of the proposal.
    """
    pair, refugee, guide = subjects()
    await world.card(refugee, 1, details(f"refugee-{name}@example.org"))
    await world.card(guide, 1, details(f"guide-{name}@example.org"))
    await world.pair(pair, 1, refugee, guide, status="proposed", name="PairProposed")
    if world.app is not None:
        await world.ended()
    await world.pair(pair, 2, refugee, guide, **options)  # type: ignore[arg-type]
    return pair, refugee, guide


async def test_what_was_sent_or_given_up_stays_so(world: World) -> None:
    world.sink.recipient_replies["guide-a@example.org"] = "550 no such user"
    await world.start()
    await created(world, "a")
    await world.events_until(4)
    await world.ended()
    before = await state_hash(world.database, STATE)
    await lose(world)
    world.sink.recipient_replies.clear()
    await world.start()
    await world.ended()
    assert await state_hash(world.database, STATE) == before
    assert world.sink.recipients == {"refugee-a@example.org": 2}
    assert len(await world.events()) == 4


async def test_what_was_not_sent_is_and_what_is_over_is_not(world: World) -> None:
    """Each record is a batch of its own, so that every state of the past is a moment of its own."""
    await world.start()
    await created(world, "sent")
    await world.events_until(4)
    await lose(world)
    over, refugee, guide = await created(world, "over")
    await world.pair(over, 3, refugee, guide, status="ended", name="PairEnded")
    old = datetime.now(UTC).date() - timedelta(days=89)
    await created(world, "old", created_on=old)
    new, *_ = await created(world, "new")
    app = world.make(batch_records=1)
    await app.resources.database.ensure(app.wiring.collections)
    await app.rebuild.run()
    # Before anything may be sent, it is known what is over.
    planned = await world.documents("messages")
    assert {message["pair"] for message in planned if message["status"] == "pending"} == {new}
    await app.start()

    async def new_pair_is_written_to() -> bool:
        return len(await world.events()) >= 6

    await wait_until(new_pair_is_written_to, "the new pair is written to")
    await world.ended()
    assert dict(world.sink.recipients) == {
        f"{who}-{name}@example.org": count
        for who in ("refugee", "guide")
        # Of the new pair's proposal nobody is told any more.
        for name, count in (("sent", 2), ("new", 1))
    }
