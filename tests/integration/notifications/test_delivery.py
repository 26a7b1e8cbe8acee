"""Notifications against a real broker, database and mail server: one mail to each side, whatever happens."""

import asyncio
import hashlib
import io
import logging
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from pydantic import SecretStr
from pymongo.errors import AutoReconnect

from services.notifications.domain.messages import Message
from services.notifications.repository import Messages
from shared.contracts import topics
from shared.logging import configure_logging
from shared.messaging import due
from tests.integration.notifications.world import World, subjects
from tests.support.cluster import Corner, wait_until
from tests.support.mail import MailSink, new_certificate, server_context

AMINA = {
    "given_name": "Zahrabanu",
    "email": "zahrabanu@mail.example",
    "phone": "+47 99988877",
    "preferred_language": "ti",
}
KARI = {"given_name": "Torbjørg", "email": "torbjorg@post.example", "preferred_language": "nb"}
PERSONAL = ("zahrabanu", "torbj", "mail.example", "post.example", "99988877")


@pytest.fixture
async def world(corner: Corner) -> AsyncIterator[World]:
    world = World(corner, MailSink())
    await world.open()
    yield world
    await world.close()


@pytest.fixture
def logs() -> Iterator[io.StringIO]:
    """Everything that a process of the service would log."""
    root, buffer = logging.getLogger(), io.StringIO()
    before, level = root.handlers[:], root.level
    configure_logging("notifications", "DEBUG")
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(buffer)
    yield buffer
    root.handlers[:] = before
    root.setLevel(level)
    structlog.contextvars.clear_contextvars()


def message_id(pair: str, recipient: str) -> str:
    digest = hashlib.sha256(f"{pair}/pair_created/{recipient}".encode()).hexdigest()[:32]
    return f"<{digest}@kobling.example>"


async def both_cards(world: World, receiving: str, giving: str) -> None:
    await world.card(receiving, 1, AMINA)
    await world.card(giving, 1, KARI)


async def mails_arrived(world: World, count: int) -> None:
    async def arrived() -> bool:
        return len(world.sink.mails) >= count

    await wait_until(arrived, f"{count} mails")


async def test_each_side_gets_one_mail_in_its_language(world: World, logs: io.StringIO) -> None:
    pair, receiving, giving = subjects()
    await world.start()
    await both_cards(world, receiving, giving)
    await world.pair(pair, 1, receiving, giving, status="proposed", name="PairProposed")
    await world.pair(pair, 2, receiving, giving)
    await world.pair(pair, 3, receiving, giving, name="AgreementSigned")
    await world.settled()

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
    assert {event.subject for event in events} == {receiving, giving}
    for event in events:
        assert event.type == "no.kobling.NotificationSent.v1"
        assert event.data == {"about": pair, "template": "pair_created", "channel": "email"}
        assert event.causationid == f"{pair}/pair_created/{event.subject}"
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
    await world.settled()
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
    await world.settled()
    assert world.sink.recipients == {"zahrabanu@mail.example": 2, "torbjorg@post.example": 2}
    assert len({mail["Message-ID"] for mail in world.sink.mails}) == 4
    after = [await world.documents(name) for name in ("cards", "pairs", "messages", "due")]
    for old, new in zip(before, after, strict=True):
        assert all(document in new for document in old)


async def test_a_mail_server_that_comes_back_gets_each_message_once(world: World) -> None:
    pair, receiving, giving = subjects()
    await world.sink.stop()
    await world.start()
    await both_cards(world, receiving, giving)
    await world.pair(pair, 1, receiving, giving)
    await world.tried(2)
    assert await world.events() == []
    await world.sink.start()
    await world.settled()
    assert world.sink.recipients == {"zahrabanu@mail.example": 1, "torbjorg@post.example": 1}
    assert len(await world.events_until(2)) == 2


async def test_a_temporary_refusal_is_tried_again(world: World, logs: io.StringIO) -> None:
    pair, receiving, giving = subjects()
    world.sink.recipient_replies["zahrabanu@mail.example"] = "451 zahrabanu@mail.example is greylisted"
    world.sink.data_replies["torbjorg@post.example"] = "452 torbjorg@post.example has no room"
    await world.start()
    await both_cards(world, receiving, giving)
    await world.pair(pair, 1, receiving, giving)

    async def refused() -> bool:
        return world.sink.refusals >= 8

    # More often than a message may be handed over unanswered: a clear no costs nothing.
    await wait_until(refused, "eight refusals")
    world.sink.recipient_replies.clear()
    world.sink.data_replies.clear()
    await world.settled()
    assert world.sink.recipients == {"zahrabanu@mail.example": 1, "torbjorg@post.example": 1}
    assert {event.type for event in await world.events_until(2)} == {"no.kobling.NotificationSent.v1"}
    assert not [word for word in PERSONAL if word in logs.getvalue().lower()]


async def test_a_permanent_refusal_is_reported_and_nothing_quoted(world: World, logs: io.StringIO) -> None:
    pair, receiving, giving = subjects()
    world.sink.recipient_replies["zahrabanu@mail.example"] = "550 no zahrabanu@mail.example here"
    world.sink.data_replies["torbjorg@post.example"] = "554 torbjorg@post.example wants no such mail"
    await world.start()
    await both_cards(world, receiving, giving)
    await world.pair(pair, 1, receiving, giving)
    await world.settled()
    events = await world.events_until(2)
    assert {(event.subject, event.type, event.data["code"]) for event in events} == {
        (receiving, "no.kobling.NotificationFailed.v1", "recipient_refused"),
        (giving, "no.kobling.NotificationFailed.v1", "message_refused"),
    }
    assert world.sink.mails == []
    assert not [word for word in PERSONAL if word in logs.getvalue().lower()]


async def test_a_card_may_come_after_the_pair(world: World) -> None:
    pair, receiving, giving = subjects()
    # Only the card's arrival can be in time: the next try of its own is an hour away.
    await world.start(retry_first=timedelta(hours=1), retry_ceiling=timedelta(hours=1))
    await world.pair(pair, 1, receiving, giving)
    await world.tried(1)
    await both_cards(world, receiving, giving)
    await world.settled()
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
    await world.settled()
    assert world.sink.recipients == {"new@mail.example": 1, "torbjorg@post.example": 1}


async def test_a_missing_card_and_a_card_without_address_are_reported(world: World) -> None:
    pair, receiving, giving = subjects()
    await world.start(card_wait=timedelta(seconds=1))
    await world.card(giving, 1, {"given_name": "Torbjørg", "preferred_language": "nb"})
    await world.pair(pair, 1, receiving, giving)
    await world.settled()
    events = await world.events_until(2)
    assert {(event.subject, event.data["code"]) for event in events} == {
        (receiving, "no_contact_card"),
        (giving, "no_email"),
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
    await world.settled()
    events = await world.events_until(2)
    assert {event.subject: event.data.get("code") for event in events} == {
        receiving: "card_unreadable",
        giving: None,
    }
    assert world.sink.recipients == {"torbjorg@post.example": 1}


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
    await world.settled()
    assert world.sink.recipients == {"torbjorg@post.example": 1}
    assert [event.subject for event in await world.events_until(1)] == [giving]
    card = await world.database["cards"].find_one({"_id": receiving})
    assert card == {"_id": receiving, "revision": 1, "sealed": None}

    # Nor later: a new pair of theirs, and their old records once more.
    another, _, other_giving = subjects()
    await world.card(other_giving, 1, KARI)
    await world.pair(another, 1, receiving, other_giving)
    await world.settled()
    await world.publish_again(topics.CONTACT_CARDS)
    await world.settled()
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
    await world.settled()
    await world.sink.start()
    other, other_receiving, other_giving = subjects()
    await both_cards(world, other_receiving, other_giving)
    await world.pair(other, 1, other_receiving, other_giving)
    await mails_arrived(world, 2)
    await world.settled()
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
    await world.settled()
    other, other_receiving, other_giving = subjects()
    await both_cards(world, other_receiving, other_giving)
    await world.pair(other, 1, other_receiving, other_giving)
    await mails_arrived(world, 2)
    await world.settled()
    assert message_id(pair, receiving) not in {mail["Message-ID"] for mail in world.sink.mails}


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


async def test_an_old_pair_is_not_written_to(world: World) -> None:
    pair, receiving, giving = subjects()
    await world.start()
    await both_cards(world, receiving, giving)
    long_ago = datetime.now(UTC).date() - timedelta(days=100)
    await world.pair(pair, 7, receiving, giving, created_on=long_ago)
    await world.settled()
    assert await world.documents("messages") == []


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
    monkeypatch.setitem(due._CLAIMED_UNTIL["$dateAdd"], "amount", 2)
    settle = Messages.settle
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

        monkeypatch.setattr(Messages, "settle", never)
        await world.start(drain=timedelta(milliseconds=100))
        await asyncio.wait_for(reached.wait(), 30)
        await world.stop()
    monkeypatch.setattr(Messages, "settle", settle)
    await world.start()
    (event,) = await world.events_until(1)
    assert event.type == f"no.kobling.{event_name}.v1"
    assert world.sink.recipients == {"zahrabanu@mail.example": mails}
    assert {mail["Message-ID"] for mail in world.sink.mails} == {message_id(pair, receiving)}


async def test_a_database_that_is_down_after_the_send_is_waited_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair, receiving, giving = subjects()
    settle = Messages.settle
    failures = 3

    async def flaky(*arguments: Any) -> bool:
        nonlocal failures
        if failures:
            failures -= 1
            raise AutoReconnect
        return await settle(*arguments)

    monkeypatch.setattr(Messages, "settle", flaky)
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
    settle = Messages.settle
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def held(*arguments: Any) -> bool:
        reached.set()
        await go_on.wait()
        return await settle(*arguments)

    monkeypatch.setattr(Messages, "settle", held)
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
    await world.settled()
    assert world.sink.recipients == {"zahrabanu@mail.example": 1}


async def test_a_state_of_no_subject_or_without_revision_is_dead(world: World) -> None:
    _, receiving, giving = subjects()
    await world.start()
    await world.card("nobody", 1, AMINA)
    await world.card(giving, None, AMINA)
    await world.card(receiving, 1, AMINA)
    assert await world.handled() == {"applied": 1, "duplicate": 0, "stale": 0, "dead": 2}


async def test_mail_goes_encrypted_and_with_the_password_where_the_server_asks(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair, receiving, giving = subjects()
    certificate = new_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    await world.sink.stop()
    world.sink.tls = server_context(certificate)
    world.sink.account = ("kobling", "right")
    await world.sink.start()
    secure = {"smtp_starttls": True, "smtp_username": SecretStr("kobling")}
    await world.start(**secure, smtp_password=SecretStr("wrong"))
    await both_cards(world, receiving, giving)
    await world.pair(pair, 1, receiving, giving)
    await world.tried(3)
    assert world.sink.mails == []

    # A mistake of ours costs no message: mended, it goes out.
    await world.stop()
    await world.start(**secure, smtp_password=SecretStr("right"))
    await world.settled()
    assert world.sink.recipients == {"zahrabanu@mail.example": 1, "torbjorg@post.example": 1}


async def test_nothing_goes_to_a_server_that_cannot_encrypt_or_is_another(
    world: World, tmp_path: Path
) -> None:
    pair, receiving, giving = subjects()
    await world.start(smtp_starttls=True)
    await both_cards(world, receiving, giving)
    await world.pair(pair, 1, receiving, giving)
    await world.tried(2)
    await world.sink.stop()
    world.sink.tls = server_context(new_certificate(tmp_path))
    await world.sink.start()
    await world.tried(5)
    assert world.sink.mails == []
    assert await world.events() == []
