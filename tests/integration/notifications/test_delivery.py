"""Notifications against a real broker, database and mail server: one mail to each side."""

import io
from datetime import UTC, datetime, timedelta

from shared.contracts import topics
from tests.integration.notifications.people import AMINA, PERSONAL, both_cards, mails_arrived, message_id
from tests.integration.notifications.world import World, subjects


async def test_each_side_gets_one_mail_in_its_language(world: World, logs: io.StringIO) -> None:
    pair, receiving, giving = subjects()
    await world.start()
    await both_cards(world, receiving, giving)
    await world.pair(pair, 2, receiving, giving)
    await world.pair(pair, 3, receiving, giving, name="AgreementSigned")
    await world.ended()

    (to_receiving,) = world.sink.to("zahrabanu@mail.example")
    (to_giving,) = world.sink.to("torbjorg@post.example")
    assert len(world.sink.mails) == 2
    assert to_receiving["Message-ID"] == message_id(pair, receiving)
    assert to_giving["Message-ID"] == message_id(pair, giving)
    assert to_receiving.get_content().startswith("Hello Zahrabanu,")
    assert to_giving.get_content().startswith("Hei Torbjørg,")
    for mail in (to_receiving, to_giving):
        assert f"https://kobling.example/pairs/{pair}" in mail.get_content()
        assert mail["From"] == "Kobling <guide@kobling.example>"
        assert abs(mail["Date"].datetime - datetime.now(UTC)) < timedelta(minutes=1)
    assert "Torbj" not in to_receiving.get_content()
    assert "Zahra" not in to_giving.get_content()

    events = await world.events_until(2)
    assert len(events) == 2
    assert {event.data["side"] for event in events} == {"receiving", "giving"}
    for event in events:
        assert event.type == "no.kobling.NotificationSent.v1"
        about = {"about": pair, "template": "pair_created", "side": event.data["side"], "channel": "email"}
        assert event.data == about
        assert event.causationid == event.subject
        assert receiving not in repr(event), "nothing leads to whom it went, should they be taken back"
        assert giving not in repr(event)
        assert event.correlationid == f"chain-of-{pair}-2"

    stored = [
        str(await world.documents(name))
        for name in ("cards", "pairs", "messages", "due", "outbox", "quarantine", "positions")
    ]
    published = [str(record) for record in await world.corner.read("notifications.v1")]
    assert "message_attempted" in logs.getvalue()
    for text in (*stored, *published, logs.getvalue()):
        assert not [word for word in PERSONAL if word in text.lower()]


async def test_a_replay_sends_nothing_more(world: World) -> None:
    pair, receiving, giving = subjects()
    await world.start()
    await both_cards(world, receiving, giving)
    await world.pair(pair, 2, receiving, giving)
    await world.ended()
    assert len(world.sink.mails) == 2

    await world.publish_again(topics.CONTACT_CARDS)
    await world.publish_again(topics.PAIRS)
    assert await world.handled() == {"applied": 3, "duplicate": 0, "stale": 3, "dead": 0}
    before = [await world.documents(name) for name in ("cards", "pairs", "messages", "due")]

    await world.stop()
    await world.read_from_the_beginning(topics.CONTACT_CARDS)
    await world.read_from_the_beginning(topics.PAIRS)
    await world.start()
    another, other_receiving, other_giving = subjects()
    await both_cards(world, other_receiving, other_giving)
    await world.pair(another, 1, other_receiving, other_giving)
    await mails_arrived(world, 4)
    await world.ended()
    assert world.sink.recipients == {"zahrabanu@mail.example": 2, "torbjorg@post.example": 2}
    assert len({mail["Message-ID"] for mail in world.sink.mails}) == 4
    after = [await world.documents(name) for name in ("cards", "pairs", "messages", "due")]
    for old, new in zip(before, after, strict=True):
        assert all(document in new for document in old)


async def test_a_card_may_come_after_the_pair(world: World) -> None:
    pair, receiving, giving = subjects()
    # Only the card's arrival can be in time: the next try of its own is an hour away.
    await world.start(retry_first=timedelta(hours=1), retry_ceiling=timedelta(hours=1))
    await world.pair(pair, 1, receiving, giving)
    await world.tried(1)
    await both_cards(world, receiving, giving)
    await world.ended()
    assert world.sink.recipients == {"zahrabanu@mail.example": 1, "torbjorg@post.example": 1}


async def test_the_newest_card_is_used(world: World) -> None:
    pair, receiving, giving = subjects()
    await world.sink.stop()
    await world.start()
    await both_cards(world, receiving, giving)
    await world.pair(pair, 1, receiving, giving)
    await world.card(receiving, 3, {**AMINA, "email": "new@mail.example"})
    await world.card(receiving, 2, {**AMINA, "email": "older@mail.example"})
    await world.handled()
    await world.sink.start()
    await world.ended()
    assert world.sink.recipients == {"new@mail.example": 1, "torbjorg@post.example": 1}


async def test_a_missing_card_and_a_card_without_address_are_reported(world: World) -> None:
    pair, receiving, giving = subjects()
    await world.start(card_wait=timedelta(seconds=1))
    await world.card(giving, 1, {"given_name": "Torbjørg", "preferred_language": "nb"})
    await world.pair(pair, 1, receiving, giving)
    await world.ended()
    events = await world.events_until(2)
    assert {(event.data["side"], event.data["code"]) for event in events} == {
        ("receiving", "no_contact_card"),
        ("giving", "no_email"),
    }
    assert world.sink.mails == []


async def test_a_card_of_another_person_opens_nothing(world: World) -> None:
    pair, receiving, giving = subjects()
    await world.start(card_wait=timedelta(seconds=1))
    await both_cards(world, receiving, giving)
    await world.handled()
    stolen = await world.database["cards"].find_one({"_id": giving})
    assert stolen is not None
    await world.database["cards"].update_one({"_id": receiving}, {"$set": {"sealed": stolen["sealed"]}})
    await world.pair(pair, 1, receiving, giving)
    await world.ended()
    events = await world.events_until(2)
    assert {event.data["side"]: event.data.get("code") for event in events} == {
        "receiving": "card_unreadable",
        "giving": None,
    }
    assert world.sink.recipients == {"torbjorg@post.example": 1}


async def test_a_state_of_no_subject_or_without_revision_is_dead(world: World) -> None:
    _, receiving, giving = subjects()
    await world.start()
    await world.card("nobody", 1, AMINA)
    await world.card(giving, None, AMINA)
    await world.card(receiving, 1, AMINA)
    assert await world.handled() == {"applied": 1, "duplicate": 0, "stale": 0, "dead": 2}
